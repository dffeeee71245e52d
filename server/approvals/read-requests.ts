import type { z } from "zod";
import { recentProof } from "@/server/auth/recent-proof";
import type { Actor } from "@/server/auth/roles";
import type { ApprovalContext } from "@/server/approvals/act-on-request";
import type { Blast, Json } from "@/server/approvals/approved-action";
import { changedSince } from "@/server/approvals/execute";
import { recordView } from "@/server/approvals/record-view";
import { loadRequest, pageOfRequests, type RequestRow } from "@/server/approvals/request-rows";
import type {
  approvalInput,
  ApprovalSummary,
  ApprovalView,
  listApprovalsInput,
  VoteView,
} from "@/server/approvals/schemas";
import {
  boundTextOf,
  countingVotes,
  labelOf,
  lacksSecurity,
  type Me,
  mayCancel,
  mayExecute,
  mayVote,
  mayWithdraw,
  stateOf,
  whyEnded,
  whyNotCounting,
} from "@/server/approvals/standing";
import { messageOf } from "@/server/platform/errors";
import { decodeCursor, encodeCursor, timeAndId } from "@/server/platform/keyset-cursor";
import { type Page, pageOf } from "@/server/platform/page";
import type { Queryable } from "@/server/platform/postgres";

const shownTargets = 200;
type Incidents = ReadonlyMap<string, { readonly id: string; readonly number: number; readonly title: string }>;

const meOf = (actor: Actor): Me => ({ id: actor.id, roles: actor.roles, active: true });

async function incidentsOf(db: Queryable, rows: readonly RequestRow[]): Promise<Incidents> {
  const ids = rows.flatMap((row) => (row.incident_id === null ? [] : [row.incident_id]));
  const found = await db.query<{ id: string; number: number; title: string }>(
    "SELECT id, number::int AS number, title FROM incidents WHERE id = ANY ($1)",
    [ids],
  );
  return new Map(found.map((incident) => [incident.id, incident]));
}

function mineOf(row: RequestRow, me: Me): ApprovalSummary["mine"] {
  if (row.requester_id === me.id) return "requester";
  if (row.votes.some((vote) => vote.voter_id === me.id && vote.withdrawn_at === null)) return "voted";
  return mayVote(row, me) === null ? "may-vote" : "none";
}

const summaryOf = (row: RequestRow, me: Me, incidents: Incidents): ApprovalSummary => ({
  id: row.id,
  action: row.action,
  label: labelOf(row),
  severity: row.severity,
  state: stateOf(row),
  reason: row.reason,
  requester: { id: row.requester_id, name: row.requester_name },
  incident: (row.incident_id === null ? undefined : incidents.get(row.incident_id)) ?? null,
  requestedAt: row.requested_at,
  expiresAt: row.expires_at,
  votes: countingVotes(row).length,
  votesNeeded: row.votes_needed,
  lacksSecurity: whyEnded(row) === null && lacksSecurity(row),
  targetCount: row.target_count,
  blast: JSON.parse(row.blast) as Blast,
  mine: mineOf(row, me),
});

const isOpen = "a.state IN ('pending', 'approved') AND a.expires_at > clock_timestamp()";
const shows = { open: isOpen, ended: `NOT (${isOpen})`, all: "true" } as const;

/** Requests that the viewer may see, newest first, by keyset. @throws stale_cursor */
export async function listRequests({
  ctx: { db, actor },
  input,
}: {
  ctx: Pick<ApprovalContext, "db" | "actor">;
  input: z.output<typeof listApprovalsInput>;
}): Promise<Page<ApprovalSummary>> {
  const filter = { show: input.show, incident: input.incidentId ?? undefined };
  const keys = decodeCursor("approvals", filter, input.cursor, timeAndId);
  const rows = await pageOfRequests(
    db,
    actor,
    `(${shows[input.show]}) AND ($3::uuid IS NULL OR a.incident_id = $3)
       AND ($4::timestamptz IS NULL OR (a.requested_at, a.id) < ($4, $5::uuid))
     ORDER BY a.requested_at DESC, a.id DESC LIMIT $6`,
    [input.incidentId ?? null, keys?.[0] ?? null, keys?.[1] ?? null, input.limit + 1],
  );
  const { rows: page, nextCursor } = pageOf(rows, input.limit, (last) =>
    encodeCursor("approvals", filter, [last.requested_at, last.id]),
  );
  const incidents = await incidentsOf(db, page);
  return {
    rows: page.map((row) => summaryOf(row, meOf(actor), incidents)),
    nextCursor,
  };
}

const votesOf = (row: RequestRow): readonly VoteView[] =>
  row.votes.map((vote) => {
    const whyNot = whyNotCounting(vote, row);
    return {
      voter: { id: vote.voter_id, name: vote.voter_name, roles: vote.voter_roles },
      vote: vote.vote,
      comment: vote.comment,
      castAt: vote.cast_at,
      expiresAt: vote.expires_at,
      withdrawnAt: vote.withdrawn_at,
      counts: whyNot === null,
      whyNot,
    };
  });

/** The text of the digest; what is wrong with the stored bytes where there is none. */
function canonicalOf(row: RequestRow): string {
  try {
    return boundTextOf(row);
  } catch (error) {
    return `unreadable: ${messageOf(error)}`;
  }
}

/** One request with all that a voter has to see, and what the viewer may do. The first look of each person goes on the record. */
export async function getRequest({
  ctx: { db, actor, signInId, actions },
  input,
}: {
  ctx: ApprovalContext;
  input: z.output<typeof approvalInput>;
}): Promise<ApprovalView> {
  const row = await loadRequest(db, actor, input.approvalId);
  const me = meOf(actor);
  const open = whyEnded(row) === null;
  const [incidents, since, reauthentication] = await Promise.all([
    incidentsOf(db, [row]),
    open ? changedSince(actions, row) : { changed: null, changedUnknown: null },
    recentProof(db, signInId, actor.id),
  ]);
  await recordView(db, actor, row);
  return {
    ...summaryOf(row, me, incidents),
    ...since,
    investigationReason: row.investigation_reason,
    parameters: JSON.parse(row.parameters) as Json,
    targets: (JSON.parse(row.targets) as string[]).slice(0, shownTargets),
    targetsDigest: row.targets_digest,
    preconditions: JSON.parse(row.preconditions) as Json,
    playbookVersion: row.playbook_version,
    nonce: row.nonce,
    digest: row.digest,
    canonical: canonicalOf(row),
    securityNeeded: row.security_needed,
    stateReason: row.state_reason ?? (row.state === "executed" ? null : whyEnded(row)),
    decidedAt: row.decided_at,
    executed:
      row.executed_at === null || row.executed_by_name === null
        ? null
        : { at: row.executed_at, by: row.executed_by_name, ref: row.result_ref ?? "" },
    voteList: votesOf(row),
    may: {
      vote: mayVote(row, me),
      withdraw: mayWithdraw(row, me),
      cancel: mayCancel(row, me),
      execute: mayExecute(row, me),
    },
    reauthentication,
  };
}
