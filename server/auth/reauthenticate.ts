import { checkLocalAccount } from "@/server/auth/local-accounts";
import { recentProof, type RecentProof } from "@/server/auth/recent-proof";
import type { Actor } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

/**
 * Proves anew who somebody is, by the password of their own local account; counts against the same limits as signing in. A wrong
 * one goes on the console's record. People of the identity provider sign in there again instead.
 * @throws bad_input for a wrong password or an account without one, rate_limited, not_signed_in
 */
export async function reauthenticate({
  ctx: { db, actor, signInId },
  input,
}: {
  ctx: { readonly db: Database; readonly actor: Actor; readonly signInId: string };
  input: { readonly password: string };
}): Promise<RecentProof> {
  const [account] = await db.query<{ username: string }>(
    "SELECT username FROM people WHERE id = $1 AND password_hash IS NOT NULL",
    [actor.id],
  );
  if (account === undefined)
    throw new DomainError("bad_input", "Your account has no password here. Sign in with the identity provider again.");
  const personId = await checkLocalAccount({
    db,
    input: { username: account.username, password: input.password, address: actor.address ?? null },
  });
  if (personId !== actor.id) {
    await appendEntries(db, [
      {
        chain: consoleChain,
        kind: "access.reauthentication-failed",
        by: actor,
        summary: `${actor.name} gave a wrong password when asked to prove who they are`,
      },
    ]);
    throw new DomainError("bad_input", "This is not your password.");
  }
  await db.query(
    "UPDATE sign_ins SET authenticated_at = clock_timestamp() WHERE id = $1 AND person_id = $2 AND revoked_at IS NULL",
    [signInId, actor.id],
  );
  return recentProof(db, signInId, actor.id);
}
