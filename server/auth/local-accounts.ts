import type { Role } from "@/server/auth/roles";
import { hashPassword, passwordMatches } from "@/server/auth/passwords";
import { signInLimits } from "@/server/auth/sign-in-limits";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";

type NewAccount = {
  readonly db: Database;
  readonly username: string;
  readonly displayName: string;
  readonly roles: readonly Role[];
  readonly password: string;
};

/**
 * Creates a local account, for when the identity provider is part of the outage. Gives the immutable subject id.
 * @throws DomainError conflict when the username is taken, bad_input for a password under 12 characters.
 */
export async function createLocalAccount(account: NewAccount): Promise<string> {
  if (account.password.length < 12) throw new DomainError("bad_input", "A password needs at least 12 characters.");
  const [row] = await account.db.query<{ id: string }>(
    `INSERT INTO people (username, display_name, roles, password_hash) VALUES (lower($1), $2, $3, $4)
     ON CONFLICT DO NOTHING RETURNING id`,
    [account.username.trim(), account.displayName, account.roles, await hashPassword(account.password)],
  );
  if (row === undefined) throw new DomainError("conflict", "There is already a local account with this user name.");
  return row.id;
}

export type LocalSignIn = { readonly username: string; readonly password: string; readonly address: string | null };

/**
 * Checks a local account's password; gives the person's id, or null for any reason to refuse: the answer and its time
 * do not tell whether the account exists.
 * @throws DomainError rate_limited after too many failures.
 */
export async function checkLocalAccount({ db, input }: { db: Database; input: LocalSignIn }): Promise<string | null> {
  const username = input.username.trim().toLowerCase();
  const limits = signInLimits(db, { username, address: input.address ?? "unknown" });
  await limits.spend();
  const [person] = await db.query<{ id: string; password_hash: string; active: boolean }>(
    "SELECT id, password_hash, active FROM people WHERE username = $1 AND password_hash IS NOT NULL",
    [username],
  );
  const matches = await passwordMatches(input.password, person?.password_hash ?? null);
  if (!matches || person === undefined || !person.active) return null;
  await limits.giveBack();
  return person.id;
}
