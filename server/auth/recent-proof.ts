import { DomainError } from "@/server/platform/errors";
import { exactInstantSql } from "@/server/platform/exact-time";
import type { Queryable } from "@/server/platform/postgres";

/** How long a proof of who somebody is holds for acts that take two people. */
export const proofMinutes = 5;

export type RecentProof = {
  readonly fresh: boolean;
  readonly method: "local" | "oidc";
  readonly until: string | null; // null: it holds no longer
};

/** How recently the person behind a sign-in has proved who they are, by the database's clock. @throws not_signed_in */
export async function recentProof(db: Queryable, signInId: string, personId: string): Promise<RecentProof> {
  const [row] = await db.query<{ fresh: boolean; method: "local" | "oidc"; until: string }>(
    `SELECT authenticated_at > clock_timestamp() - make_interval(mins => $3) AS fresh, method,
            ${exactInstantSql("(authenticated_at + make_interval(mins => $3))")} AS until
       FROM sign_ins WHERE id = $1 AND person_id = $2 AND revoked_at IS NULL AND expires_at > clock_timestamp()`,
    [signInId, personId, proofMinutes],
  );
  if (row === undefined)
    throw new DomainError("not_signed_in", "You are not signed in, or your sign-in has ended. Sign in again.");
  return { fresh: row.fresh, method: row.method, until: row.fresh ? row.until : null };
}

/** @throws precondition_failed when the last proof is too old. */
export async function requireRecentProof(db: Queryable, signInId: string, personId: string): Promise<void> {
  const { fresh, method } = await recentProof(db, signInId, personId);
  if (!fresh)
    throw new DomainError(
      "precondition_failed",
      method === "local"
        ? `You last proved who you are more than ${proofMinutes} min ago. Give your password again.`
        : `You last proved who you are more than ${proofMinutes} min ago. Sign in with the identity provider again.`,
      { reauthenticate: method },
    );
}
