import { roles, type Role } from "@/server/auth/roles";
import type { Database } from "@/server/platform/postgres";

/** Reads AUTH_OIDC_ROLE_MAP: `group=role,group=role`. A group may be listed several times; unknown roles are left out. */
export function parseRoleMap(text: string): ReadonlyMap<string, readonly Role[]> {
  const map = new Map<string, Role[]>();
  for (const part of text.split(",")) {
    const at = part.lastIndexOf("=");
    if (at < 1) continue;
    const group = part.slice(0, at).trim();
    const role = roles.find((known) => known === part.slice(at + 1).trim());
    if (role !== undefined) map.set(group, [...(map.get(group) ?? []), role]);
  }
  return map;
}

/** The roles that a groups claim grants. Anything but a text or a list of texts grants none. */
export function rolesOfGroups(claim: unknown, map: ReadonlyMap<string, readonly Role[]>): Role[] {
  const groups = Array.isArray(claim) ? claim : [claim];
  const held = groups.flatMap((group) => (typeof group === "string" ? (map.get(group) ?? []) : []));
  return roles.filter((role) => held.includes(role));
}

export type OidcPerson = {
  readonly issuer: string;
  readonly subject: string;
  readonly username: string;
  readonly displayName: string;
  readonly roles: readonly Role[];
};

/** Records who the identity provider says came, with today's roles, by its immutable (issuer, subject). */
export async function recordOidcPerson({
  db,
  input,
}: {
  db: Database;
  input: OidcPerson;
}): Promise<{ id: string; active: boolean }> {
  const [row] = await db.query<{ id: string; active: boolean }>(
    `INSERT INTO people (username, display_name, roles, oidc_issuer, oidc_subject) VALUES (left(lower($1), 200), left($2, 200), $3, $4, $5)
     ON CONFLICT (oidc_issuer, oidc_subject) DO UPDATE SET username = EXCLUDED.username,
       display_name = EXCLUDED.display_name, roles = EXCLUDED.roles, updated_at = now()
     RETURNING id, active`,
    [input.username, input.displayName, input.roles, input.issuer, input.subject],
  );
  if (row === undefined) throw new Error("the person was not recorded");
  return row;
}
