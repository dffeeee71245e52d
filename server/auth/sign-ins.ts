import type { Actor, Role } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import { exactInstantSql } from "@/server/platform/exact-time";
import { decodeCursor, encodeCursor, timeAndId } from "@/server/platform/keyset-cursor";
import { type Page, pageOf } from "@/server/platform/page";
import type { Database } from "@/server/platform/postgres";

/** A sign-in ends after 12 h whatever happens, and after 2 h without a request. */
const signInHours = 12;
const idleHours = 2;

type Opening = {
  readonly personId: string;
  readonly method: "local" | "oidc";
  readonly userAgent: string | null;
  readonly address: string | null;
  readonly provedAt?: number | null; // when the provider last asked who it is, in seconds; null: it does not say
};

/**
 * Records a new sign-in of an active person and gives its id, the only thing the cookie carries. A provider that let an old
 * session through says so by `provedAt`: such a sign-in is no fresh proof.
 */
export async function openSignIn({ db, input }: { db: Database; input: Opening }): Promise<string> {
  const [row] = await db.query<{ id: string }>(
    `INSERT INTO sign_ins (person_id, method, expires_at, user_agent, address, authenticated_at)
     SELECT id, $2, now() + make_interval(hours => $3), left($4, 300), left($5, 100), least(now(), to_timestamp($6::float8)) FROM people WHERE id = $1 AND active
     RETURNING id`,
    [input.personId, input.method, signInHours, input.userAgent, input.address, input.provedAt ?? null],
  );
  if (row === undefined) throw new DomainError("forbidden", "This account has been deactivated.");
  return row.id;
}

type Found = { id: string; name: string; roles: Role[]; unseen: boolean };

/** Who is behind a sign-in right now, with today's roles; null once it is revoked, expired, idle or the person deactivated. */
export async function actorOf(db: Database, signInId: string): Promise<Actor | null> {
  const [found] = await db.query<Found>(
    `SELECT p.id, p.display_name AS name, held_roles(p) AS roles, s.last_seen_at < now() - interval '1 minute' AS unseen
     FROM sign_ins s JOIN people p ON p.id = s.person_id
     WHERE s.id = $1 AND s.revoked_at IS NULL AND s.expires_at > now() AND p.active
       AND s.last_seen_at > now() - make_interval(hours => $2)`,
    [signInId, idleHours],
  );
  if (found === undefined) return null;
  if (found.unseen) await db.query("UPDATE sign_ins SET last_seen_at = now() WHERE id = $1", [signInId]);
  return { id: found.id, name: found.name, roles: found.roles };
}

/** Whose sign-in it is, however it stands; null for an unknown id. */
export async function personOfSignIn(db: Database, signInId: string): Promise<string | null> {
  const [row] = await db.query<{ id: string }>("SELECT person_id AS id FROM sign_ins WHERE id = $1", [signInId]);
  return row?.id ?? null;
}

type Ending = { db: Database; actor: Pick<Actor, "id"> };

/** Ends one sign-in at once, on every replica. Ending an ended one changes nothing. */
export async function endSignIn({ ctx, input }: { ctx: Ending; input: { id: string } }): Promise<{ ended: boolean }> {
  const rows = await ctx.db.query(
    "UPDATE sign_ins SET revoked_at = now(), revoked_by = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id",
    [input.id, ctx.actor.id],
  );
  if (rows.length === 1) return { ended: true };
  const known = await ctx.db.query("SELECT 1 FROM sign_ins WHERE id = $1", [input.id]);
  if (known.length === 0) throw new DomainError("not_found", "There is no such sign-in.");
  return { ended: false };
}

/** Ends every sign-in of the person who asks, this one included. */
export async function signOutEverywhere({ ctx }: { ctx: Ending }): Promise<{ ended: number }> {
  const rows = await ctx.db.query(
    "UPDATE sign_ins SET revoked_at = now(), revoked_by = $1 WHERE person_id = $1 AND revoked_at IS NULL RETURNING id",
    [ctx.actor.id],
  );
  return { ended: rows.length };
}

export type SignInRow = {
  readonly id: string;
  readonly person: { readonly id: string; readonly name: string; readonly username: string };
  readonly method: "local" | "oidc";
  readonly createdAt: string;
  readonly lastSeenAt: string;
  readonly expiresAt: string;
  readonly state: "open" | "ended" | "expired";
  readonly userAgent: string | null;
  readonly address: string | null;
};

type SignInRecord = {
  id: string;
  person_id: string;
  name: string;
  username: string;
  method: "local" | "oidc";
  created: string;
  seen: string;
  expires: string;
  state: "open" | "ended" | "expired";
  user_agent: string | null;
  address: string | null;
};

/** Sign-ins newest first, by keyset over (created_at, id). @throws stale_cursor */
export async function listSignIns({
  ctx,
  input,
}: {
  ctx: { db: Database };
  input: { cursor?: string | null | undefined; limit: number };
}): Promise<Page<SignInRow>> {
  const [at, id] = decodeCursor("sign-ins", {}, input.cursor, timeAndId) ?? [null, null];
  const rows = await ctx.db.query<SignInRecord>(
    `SELECT s.id, s.person_id, p.display_name AS name, p.username, s.method, s.user_agent, s.address,
       ${exactInstantSql("s.created_at")} AS created, ${exactInstantSql("s.last_seen_at")} AS seen, ${exactInstantSql("s.expires_at")} AS expires,
       CASE WHEN s.revoked_at IS NOT NULL THEN 'ended'
            WHEN s.expires_at <= now() OR s.last_seen_at <= now() - make_interval(hours => $4) THEN 'expired'
            ELSE 'open' END AS state
     FROM sign_ins s JOIN people p ON p.id = s.person_id
     WHERE $1::timestamptz IS NULL OR (s.created_at, s.id) < ($1::timestamptz, $2::uuid)
     ORDER BY s.created_at DESC, s.id DESC LIMIT $3`,
    [at, id, input.limit + 1, idleHours],
  );
  const { rows: shown, nextCursor } = pageOf(rows, input.limit, (last) =>
    encodeCursor("sign-ins", {}, [last.created, last.id]),
  );
  return {
    rows: shown.map((row) => ({
      id: row.id,
      person: { id: row.person_id, name: row.name, username: row.username },
      method: row.method,
      createdAt: row.created,
      lastSeenAt: row.seen,
      expiresAt: row.expires,
      state: row.state,
      userAgent: row.user_agent,
      address: row.address,
    })),
    nextCursor,
  };
}
