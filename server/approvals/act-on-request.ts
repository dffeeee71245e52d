import type { ActionName } from "@/server/auth/action-policy";
import type { Actor } from "@/server/auth/roles";
import type { ApprovedAction } from "@/server/approvals/approved-action";
import { lockRequest, type RequestRow } from "@/server/approvals/request-rows";
import { type Me, whyEnded } from "@/server/approvals/standing";
import { DomainError } from "@/server/platform/errors";
import type { Database, Queryable } from "@/server/platform/postgres";
import { appendEntries, consoleChain, type NewEntry } from "@/server/timeline/append-entries";

export type ApprovalContext = {
  readonly db: Database;
  readonly actor: Actor;
  readonly signInId: string;
  readonly actions: ReadonlyMap<ActionName, ApprovedAction>;
};
type OwnEntry = Omit<NewEntry, "chain" | "by">;
type Outcome<T> = { readonly result: T; readonly entries: readonly OwnEntry[] };

/** The person as the database knows them now, held with the request. @throws forbidden for somebody who is not there. */
export async function meNow(tx: Queryable, actor: Pick<Actor, "id">): Promise<Me> {
  const [me] = await tx.query<{ id: string; roles: string[]; active: boolean }>(
    "SELECT id, held_roles(p) AS roles, active FROM people p WHERE id = $1 FOR SHARE",
    [actor.id],
  );
  if (me === undefined) throw new DomainError("forbidden", "This account is not known here.");
  return me;
}

/** @throws precondition_failed when the request has ended, forbidden otherwise, with the reason; nothing for null. */
export function insist(request: RequestRow, whyNot: string | null): void {
  if (whyNot === null) return;
  throw new DomainError(whyEnded(request) === null ? "forbidden" : "precondition_failed", whyNot);
}

/** The approval as an entry refers to it. */
export const refsOf = (request: Pick<RequestRow, "id" | "digest">) => ({
  approval: request.id,
  digest: request.digest,
});

/**
 * One act on one request: request, incident and people are held, so that acts happen one after the other and nobody's roles
 * change under them; `work` writes and says what goes on the record. The record is the incident's, or the console's own when
 * that one is closed.
 */
export async function actOnRequest<T>(
  { db, actor }: Pick<ApprovalContext, "db" | "actor">,
  approvalId: string,
  work: (tx: Queryable, request: RequestRow, me: Me) => Promise<Outcome<T>>,
): Promise<T> {
  return db.transaction(async (tx) => {
    const { request, incidentOpen } = await lockRequest(tx, actor, approvalId);
    const me = await meNow(tx, actor);
    const { result, entries } = await work(tx, request, me);
    if (entries.length > 0) {
      await tx.query("UPDATE approval_requests SET revision = revision + 1 WHERE id = $1", [approvalId]);
      const chain = request.incident_id !== null && incidentOpen ? request.incident_id : consoleChain;
      await appendEntries(
        tx,
        entries.map((entry) => ({ ...entry, chain, by: actor })),
      );
    }
    return result;
  });
}
