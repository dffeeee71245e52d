import { Client } from "pg";
import { newPerson } from "@/sandbox/new-person";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import type { Actor, Role } from "@/server/auth/roles";
import { declareIncident } from "@/server/incidents/declare-incident";
import { getIncident } from "@/server/incidents/get-incident";
import { moveIncident } from "@/server/incidents/move-incident";
import { declareIncidentInput, type IncidentEvent } from "@/server/incidents/schemas";
import { openDatabase } from "@/server/platform/postgres";

const cast: readonly [string, Role][] = [
  ["dana", "responder"],
  ["remy", "responder"],
  ["vera", "viewer"],
  ["sol", "security"],
  ["ada", "admin"],
];

/** A console database with five people, who declare, move and look at incidents by name. */
export async function openIncidentStage() {
  const database = await freshConsoleDatabase();
  const db = openDatabase({ url: database.url, label: "console", max: 12, statementTimeoutMs: 5_000 });
  const owner = new Client({ connectionString: database.migrateUrl });
  await owner.connect();
  const people = new Map<string, Actor>();
  for (const [username, role] of cast) people.set(username, await newPerson(db, username, [role]));
  const by = (name: string) => {
    const actor = people.get(name);
    if (actor === undefined) throw new Error(`no person ${name}`);
    return { db, actor };
  };
  return {
    url: database.url,
    db,
    owner,
    people,
    by,
    declare: (name: string, given: Partial<Parameters<typeof declareIncidentInput.parse>[0] & object> = {}) =>
      declareIncident({
        ctx: by(name),
        input: declareIncidentInput.parse({ title: "Stolen mandate", severity: "P2", ...given }),
      }),
    move: (name: string, incidentId: string, event: IncidentEvent) =>
      moveIncident({ ctx: by(name), input: { incidentId, event, reason: "As agreed" } }),
    view: (name: string, incidentId: string) => getIncident({ ctx: by(name), input: { incidentId } }),
    kinds: async (incidentId: string): Promise<string[]> =>
      (
        await db.query<{ kind: string }>("SELECT kind FROM timeline_entries WHERE chain = $1 ORDER BY seq", [
          incidentId,
        ])
      ).map(({ kind }) => kind),
    async close(): Promise<void> {
      await owner.end();
      await db.close();
      await database.drop();
    },
  };
}
export type IncidentStage = Awaited<ReturnType<typeof openIncidentStage>>;
