import type { z } from "zod";
import type { PersonRef, peopleInput } from "@/server/incidents/schemas";
import { DomainError } from "@/server/platform/errors";
import type { Queryable } from "@/server/platform/postgres";

/** Active people whose name or user name holds the text, by name, at most 50: who can be assigned or mentioned. */
export async function listPeople({
  ctx,
  input,
}: {
  ctx: { readonly db: Queryable };
  input: z.output<typeof peopleInput>;
}): Promise<readonly (PersonRef & { readonly username: string })[]> {
  return ctx.db.query(
    `SELECT id, display_name AS name, username FROM people
      WHERE active AND ($1 = '' OR display_name ILIKE '%' || $1 || '%' OR username ILIKE '%' || $1 || '%')
      ORDER BY display_name, id LIMIT 50`,
    [input.text.replaceAll(/[\\%_]/g, "\\$&")],
  );
}

/** An active person. @throws bad_input */
export async function activePerson(db: Queryable, personId: string): Promise<PersonRef> {
  const [person] = await db.query<{ id: string; name: string }>(
    "SELECT id, display_name AS name FROM people WHERE id = $1 AND active",
    [personId],
  );
  if (person === undefined) throw new DomainError("bad_input", "This is not an active person of this console.");
  return person;
}

/** Makes somebody one of the incident's responders: from now on they see it even when it is restricted. */
export async function addResponder(tx: Queryable, incidentId: string, personId: string): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO incident_members AS m (incident_id, person_id) VALUES ($1, $2)
     ON CONFLICT (incident_id, person_id) DO UPDATE SET active = true WHERE NOT m.active RETURNING 1`,
    [incidentId, personId],
  );
  return rows.length === 1;
}
