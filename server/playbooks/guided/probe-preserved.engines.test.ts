import { afterAll, beforeAll, expect, test } from "vitest";
import { vaultStage, type VaultStage } from "@/sandbox/evidence-stage/vault";
import { declareIncident } from "@/server/incidents/declare-incident";
import { declareIncidentInput } from "@/server/incidents/schemas";
import type { GuidedRunRow } from "@/server/playbooks/guided/playbook";
import { evidencePreserved } from "@/server/playbooks/guided/probe-preserved";

let stage: VaultStage;
let zoneId: string;

beforeAll(async () => {
  stage = await vaultStage();
  const [zone] = await stage.caracal.db.query<{ id: string }>("SELECT id FROM zones ORDER BY id LIMIT 1");
  zoneId = zone?.id ?? "";
});
afterAll(() => stage?.close());

const declare = async () =>
  (
    await declareIncident({
      ctx: { db: stage.db, actor: stage.actor },
      input: declareIncidentInput.parse({ title: "Tampered", severity: "P1" }),
    })
  ).incidentId;
const asked = (incidentId: string, createdAt: Date) =>
  evidencePreserved({
    db: stage.db,
    run: { incident_id: incidentId, zone_id: zoneId, created_at: createdAt } as GuidedRunRow,
  });

test("only a whole preservation of the zone, with every part, under the run's incident and in its time, counts", async () => {
  const [incidentId, other] = [await declare(), await declare()];
  const began = new Date(Date.now() - 1_000);
  expect(await asked(incidentId, began)).toMatchObject({
    done: false,
    sentence: expect.stringContaining("Nothing was"),
  });
  await stage.order({ zoneId, incidentId: other });
  await stage.order({ zoneId, incidentId, parts: ["rows"] });
  await stage.order({ zoneId, incidentId, from: "2026-11-23T20:21:00.000Z" });
  for (let n = 0; n < 3; n += 1) await stage.work();
  expect(await asked(incidentId, began)).toMatchObject({
    done: false,
    sentence: expect.stringContaining("not the whole"),
  });
  const id = await stage.order({ zoneId, incidentId });
  expect(await asked(incidentId, began)).toMatchObject({ done: false, sentence: "It is being preserved." });
  await stage.work();
  expect(await asked(incidentId, began)).toMatchObject({ done: true, sentence: expect.stringMatching(/[0-9a-f]{64}/) });
  expect((await asked(incidentId, new Date(Date.now() + 60_000))).done).toBe(false);
  await stage.owner.query("UPDATE evidence_copies SET verdict = 'mismatch' WHERE item_id = $1", [id]);
  expect((await asked(incidentId, began)).done).toBe(false);
});
