import type { Actor } from "@/server/auth/roles";
import { openIncidents, type OpenIncident } from "@/server/incidents/list-incidents";
import type { Board } from "@/server/incidents/schemas";
import { messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import type { Database } from "@/server/platform/postgres";

type OpenApproval = Board["approvals"][number] & {
  readonly restricted: boolean;
  readonly memberIds: readonly string[];
};
/** Everything open, with who may see what of it; never sent as it is. */
export type FullBoard = { readonly incidents: readonly OpenIncident[]; readonly approvals: readonly OpenApproval[] };

export type BoardWatch = {
  /** Calls `listener` with the newest board at once, if there is one, and whenever it has changed. Returns the way out. */
  subscribe(listener: (board: FullBoard) => void): () => void;
};

const everyMs = 1_000;

async function openApprovals(db: Database): Promise<readonly OpenApproval[]> {
  const rows = await db.query<{
    id: string;
    action: string;
    incident_id: string | null;
    requester_id: string;
    revision: number;
    state: string;
    expires_at: Date;
    restricted: boolean | null;
    members: string[] | null;
  }>(
    `SELECT a.id, a.action, a.incident_id, a.requester_id, a.revision, a.state, a.expires_at, i.restricted,
            (SELECT array_agg(m.person_id::text) FROM incident_members m WHERE m.incident_id = a.incident_id AND m.active) AS members
       FROM approval_requests a LEFT JOIN incidents i ON i.id = a.incident_id
      WHERE a.state IN ('pending', 'approved') AND a.expires_at > now() ORDER BY a.expires_at LIMIT 50`,
  );
  return rows.map((row) => ({
    id: row.id,
    action: row.action,
    incidentId: row.incident_id,
    requesterId: row.requester_id,
    revision: row.revision,
    state: row.state,
    expiresAt: row.expires_at.toISOString(),
    restricted: row.restricted ?? false,
    memberIds: row.members ?? [],
  }));
}

/** One reader of open incidents and approvals per process, a second apart while anybody listens. A failing read keeps the last board. */
export function createBoardWatch(db: Database): BoardWatch {
  const listeners = new Set<(board: FullBoard) => void>();
  let last: { readonly board: FullBoard; readonly text: string } | null = null;
  let timer: NodeJS.Timeout | null = null;

  async function look(): Promise<void> {
    try {
      const [incidents, approvals] = await Promise.all([openIncidents(db), openApprovals(db)]);
      const board = { incidents, approvals };
      const text = JSON.stringify(board);
      if (text !== last?.text) {
        last = { board, text };
        for (const listener of listeners) listener(board);
      }
    } catch (error) {
      log.debug({ reason: messageOf(error) }, "the board was not read this time");
    }
    timer = listeners.size > 0 ? setTimeout(() => void look(), everyMs) : null;
    if (timer === null) last = null; // whoever comes next must not be shown an old one
  }

  return {
    subscribe(listener) {
      const own = (board: FullBoard) => listener(board);
      listeners.add(own);
      if (last !== null) own(last.board);
      timer ??= setTimeout(() => void look(), 0);
      return () => void listeners.delete(own);
    },
  };
}

/** What one viewer is told: restricted incidents and their approvals only to their responders, security and admin. */
export function boardFor(actor: Pick<Actor, "id" | "roles">, full: FullBoard): Board {
  const all = actor.roles.some((role) => role === "security" || role === "admin");
  const sees = (row: { readonly restricted: boolean; readonly memberIds: readonly string[] }) =>
    all || !row.restricted || row.memberIds.includes(actor.id);
  return {
    incidents: full.incidents.filter(sees).map(({ memberIds: _members, ...incident }) => incident),
    approvals: full.approvals
      .filter(sees)
      .map(({ memberIds: _members, restricted: _restricted, ...approval }) => approval),
  };
}
