import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { loadRecordedIncident } from "@/sandbox/schema/load-recording";
import { advanceOneCheck } from "@/server/audit/checks/check-worker";
import { startCheck } from "@/server/audit/checks/start-check";
import { changeSeverity } from "@/server/incidents/change-severity";
import { finishGuided } from "@/server/playbooks/guided/end-guided";
import { getGuidedRun } from "@/server/playbooks/guided/guided-views";
import { settleStep } from "@/server/playbooks/guided/settle-step";
import { startGuided } from "@/server/playbooks/guided/start-guided";
import { tickCheck } from "@/server/playbooks/guided/tick-check";

const folder = new URL("../../../sandbox/fixtures/recorded-incident/", import.meta.url);
const read = (name: string) => JSON.parse(readFileSync(new URL(name, folder), "utf8"));
const { AUDIT_HMAC_KEY } = read("keys.json") as { AUDIT_HMAC_KEY: string };
const { changes } = read("changes.json") as { changes: { zone_id: string; kind: string; event_id: string }[] };
const zoneId = changes.find(({ kind }) => kind.includes("delete"))?.zone_id ?? changes[0]?.zone_id ?? "";

let stage: KeyStage;
beforeAll(async () => {
  stage = await openKeyStage();
  await loadRecordedIncident({
    ownerUrl: stage.urls.caracalOwner,
    redisUrl: stage.urls.redis,
    auditEvents: "after",
  });
});
afterAll(() => stage.close());

const ctx = () => ({ db: stage.db, caracal: stage.caracal, keks: stage.ctx.keks, actor: stage.actor });
async function check(): Promise<void> {
  await startCheck({ ctx: ctx(), input: { zoneId } });
  const auditKey = Buffer.from(AUDIT_HMAC_KEY, "hex");
  await advanceOneCheck({ db: stage.db, caracal: stage.caracal, auditKey, holder: "console:test" });
}

test("the recorded tampering through the whole playbook: graded by proof, preserved, and held still until it is signed off", async () => {
  const { runId } = await startGuided({
    ctx: ctx(),
    input: { playbook: "audit-tampering", zoneId, reason: "Compliance asks", drill: false },
  });
  const view = () => getGuidedRun({ ctx: ctx(), input: { runId } });
  const settle = (step: string, more: { reason?: string; hash?: string } = {}) =>
    settleStep({ ctx: ctx(), input: { runId, step, skip: false, ...more } });
  const tick = async (step: string) => {
    for (const { item } of (await view()).steps.find(({ id }) => id === step)?.checks ?? [])
      await tickCheck({ ctx: ctx(), input: { runId, step, item, note: "by telephone" } });
  };
  const { exposure, incident } = await view();
  expect(exposure).toEqual([]); // no key was stolen
  await expect(settle("detect")).rejects.toThrow(/No check of this zone's chain/);
  await check();
  const detect = (await view()).steps.find(({ id }) => id === "detect")?.probe?.sentence;
  expect(detect).toMatch(/is not whole: .* [\d,]+ of [\d,]+ rows of the zone proved\.$/);
  await settle("detect");
  await expect(settle("classify")).rejects.toThrow(/is P2, and what is proved is a P1: .*Raise it\./);
  await changeSeverity({
    ctx: { db: stage.db, actor: stage.actor },
    input: { incidentId: incident.id, severity: "P1", reason: "Rows are gone" },
  });
  await settle("classify");
  await expect(settle("preserve", { reason: "in the bucket", hash: "d".repeat(64) })).rejects.toThrow(/Not ticked yet/);
  await tick("preserve");
  await settle("preserve", { reason: "in the bucket", hash: "d".repeat(64) });
  await settle("scope", { reason: "one role can write" });
  await settle("archive", { reason: "agrees with the signed copies" });
  await settle("verdict", { reason: "tampered, sure" });
  await tick("escalate");
  await settle("escalate");
  await expect(settle("hold")).rejects.toThrow(/ordered after the preservation/);

  const { rows } = await stage.caracalOwner.query<{ id: string; decision: string }>(
    "SELECT id, decision FROM audit_events WHERE zone_id = $1 AND NOT (id = ANY ($2)) ORDER BY chain_seq DESC OFFSET 20 LIMIT 1",
    [zoneId, changes.map(({ event_id }) => event_id)],
  );
  const decide = (decision?: string) =>
    stage.caracalOwner.query("UPDATE audit_events SET decision = $2 WHERE id = $1", [rows[0]?.id, decision]);
  await decide("partial");
  await check();
  await expect(settle("hold")).rejects.toThrow(/Somebody is at it still/);
  await decide(rows[0]?.decision);
  await check();
  await settle("hold");
  await tick("sign-off");
  await settle("sign-off", { reason: "both agree" });

  await decide("partial");
  await check();
  await expect(finishGuided({ ctx: ctx(), input: { runId } })).rejects.toThrow(/Somebody is at it still/);
  await decide(rows[0]?.decision);
  await check();
  await finishGuided({ ctx: ctx(), input: { runId } });
  expect((await view()).state).toBe("done");
});
