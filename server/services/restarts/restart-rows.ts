import type { Actor } from "@/server/auth/roles";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import type { Queryable } from "@/server/platform/postgres";
import type { RestartState, RestartView } from "@/server/services/schemas";

/** What a replica said before its restart; null: it did not. */
export type Before = {
  readonly ready: boolean;
  readonly reachable: boolean;
  readonly metrics: Readonly<Record<string, number>> | null;
};
/** What was seen of a replica since; times are ISO. */
export type Seen = {
  readonly missedAt?: string | null; // it answered nothing at the last look: since when
  readonly awayAt?: string; // it answered nothing twice in a row, and did before
  readonly backAt?: string; // it answers, and did not before
  readonly fellAt?: string; // its counters are lower than before
  readonly readyAt?: string | null;
};

export type RestartRow = {
  readonly id: string;
  readonly order_id: string;
  readonly place: number;
  readonly target: string;
  readonly replicas: readonly string[];
  readonly adapter: string;
  readonly command: string;
  readonly incident_id: string | null;
  readonly guided_run_id: string | null;
  readonly approval_id: string | null;
  readonly reason: string;
  readonly requested_by_name: string;
  readonly requested_at: Date;
  readonly state: RestartState;
  readonly before: Readonly<Record<string, Before>>;
  readonly seen: Readonly<Record<string, Seen>>;
  readonly started_at: Date | null;
  readonly answered_at: Date | null;
  readonly finished_at: Date | null;
  readonly by_hand: string | null;
  readonly note: string | null;
};

const utc = (at: string | null | undefined) => (at == null ? "an unknown time" : `${at.slice(11, 19)} UTC`);
const signOf = ({ awayAt, backAt, fellAt }: Seen): string =>
  awayAt !== undefined
    ? `away at ${utc(awayAt)}`
    : backAt !== undefined
      ? `down before, answering at ${utc(backAt)}`
      : `counters begun anew by ${utc(fellAt)}`;

/** What came of a restart, by what probes saw and not by what the command answered. Pure. */
export function restartSentence(row: RestartRow): string {
  const list = row.replicas.join(", ");
  const note = row.note === null ? "" : ` ${row.note}`;
  switch (row.state) {
    case "ordered":
      return `${list}: ordered${row.place > 1 ? ", after the one before is ready again" : ""}.`;
    case "by-hand":
      return `${list}: to be restarted by hand; confirm it when it was done.`;
    case "running":
      return `${list}: the restart runs.`;
    case "watching": {
      const waiting = row.replicas.filter((replica) => row.seen[replica]?.readyAt == null);
      return waiting.length > 0
        ? `${waiting.join(", ")}: not ready yet.${note}`
        : `${list}: ready; whether it was away is still looked for.${note}`;
    }
    case "proved":
      return `${row.replicas
        .map((replica) => {
          const seen = row.seen[replica] ?? {};
          return `${replica} restarted: ${signOf(seen)}, ready at ${utc(seen.readyAt)}`;
        })
        .join("; ")}.`;
    case "unproved":
      return `${list} ${row.replicas.length === 1 ? "answers" : "answer"} ready, and nothing shows that ${row.replicas.length === 1 ? "it was" : "they were"} restarted.${note}`;
    case "failed":
      return `${list}: ${row.answered_at === null ? "the restart was not carried out" : "not ready again"}.${note}`;
    case "cancelled":
      return `${list}: not restarted.${note}`;
  }
}

export const restartView = (row: RestartRow): RestartView => ({
  id: row.id,
  target: row.target,
  replicas: row.replicas,
  state: row.state,
  sentence: restartSentence(row),
  command: row.command,
  by: row.requested_by_name,
  at: row.requested_at.toISOString(),
});

/** @throws not_found for a restart that is not there, or whose incident the viewer may not see */
export async function requireVisibleRestart(
  db: Queryable,
  actor: Pick<Actor, "id" | "roles">,
  restartId: string,
): Promise<void> {
  const [row] = await db.query(
    `SELECT 1 FROM service_restarts WHERE id = $3 AND ${visibleByIncident("incident_id", 1)}`,
    [...viewerParams(actor), restartId],
  );
  if (row === undefined) throw new DomainError("not_found", "There is no such restart.");
}

/** The replicas with a restart under way or ordered. */
export async function restartingNow(db: Queryable): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ replica: string }>(
    "SELECT unnest(replicas) AS replica FROM service_restarts WHERE state IN ('ordered', 'by-hand', 'running', 'watching')",
  );
  return new Set(rows.map(({ replica }) => replica));
}

/** The newest restart of each replica. */
export async function newestRestarts(
  db: Queryable,
  replicas: readonly string[],
): Promise<ReadonlyMap<string, RestartRow>> {
  const rows = await db.query<RestartRow & { replica: string }>(
    `SELECT r.replica, s.* FROM unnest($1::text[]) AS r (replica) CROSS JOIN LATERAL (
       SELECT * FROM service_restarts WHERE r.replica = ANY (replicas) ORDER BY requested_at DESC LIMIT 1) AS s`,
    [replicas],
  );
  return new Map(rows.map((row) => [row.replica, row]));
}
