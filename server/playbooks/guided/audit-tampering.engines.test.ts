import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { loadRecordedIncident } from "@/sandbox/schema/load-recording";
import { archiveOfRows } from "@/sandbox/archive/archive-of-rows";
import { memorySource } from "@/sandbox/archive/memory-source";
import { advanceOneComparison } from "@/server/audit/comparisons/comparison-worker";
import { startComparison } from "@/server/audit/comparisons/start-comparison";
import { rowsOfCsv } from "@/server/audit/verify/rows-of-csv";
import type { StoredRow } from "@/server/audit/verify/stored-row";
import { advanceOneCheck } from "@/server/audit/checks/check-worker";
import { newPerson } from "@/sandbox/new-person";
import { openSignIn } from "@/server/auth/sign-ins";
import type { Actor, Role } from "@/server/auth/roles";
import { startCheck } from "@/server/audit/checks/start-check";
import { changeSeverity } from "@/server/incidents/change-severity";
import { finishGuided, takeOverGuided } from "@/server/playbooks/guided/end-guided";
import { getGuidedRun } from "@/server/playbooks/guided/guided-views";
import type { Verdict } from "@/server/playbooks/guided/reports.schemas";
import type { SignerRole } from "@/server/playbooks/guided/schemas";
import { signStep } from "@/server/playbooks/guided/sign-step";
import { settleStep } from "@/server/playbooks/guided/settle-step";
import { startGuided } from "@/server/playbooks/guided/start-guided";
import { tickCheck } from "@/server/playbooks/guided/tick-check";

const folder = new URL("../../../sandbox/fixtures/recorded-incident/", import.meta.url);
const read = (name: string) => JSON.parse(readFileSync(new URL(name, folder), "utf8"));
const { AUDIT_HMAC_KEY } = read("keys.json") as { AUDIT_HMAC_KEY: string };
const { changes } = read("changes.json") as {
  changes: { zone_id: string; kind: string; event_id: string; what: string }[];
};
const zoneId = changes.find(({ kind }) => kind.includes("delete"))?.zone_id ?? changes[0]?.zone_id ?? "";

const before: StoredRow[] = []; // the rows as they were exported
let stage: KeyStage;
beforeAll(async () => {
  for await (const row of rowsOfCsv(new URL("before/audit_events.csv", folder).pathname)) before.push(row);
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
  await startCheck({ ctx: ctx(), input: { zoneId, scope: "full" } });
  const auditKey = Buffer.from(AUDIT_HMAC_KEY, "hex");
  await advanceOneCheck({ db: stage.db, caracal: stage.caracal, auditKey, holder: "console:test" });
}

async function person(name: string, role: Role): Promise<{ actor: Actor; signInId: string }> {
  const actor = await newPerson(stage.db, name, [role]);
  const input = { personId: actor.id, method: "local", userAgent: null, address: null } as const;
  return { actor, signInId: await openSignIn({ db: stage.db, input }) };
}

test("the recorded tampering through the whole playbook: graded by proof, preserved, and held still until it is signed off", async () => {
  const { runId } = await startGuided({
    ctx: ctx(),
    input: { playbook: "audit-tampering", zoneId, reason: "Compliance asks", drill: false },
  });
  /** As of now: what one deployment was asked is shared for two seconds, so each look is at one of its own. */
  const view = () => getGuidedRun({ ctx: { ...ctx(), caracal: { ...stage.caracal } }, input: { runId } });
  const settle = (step: string, more: { reason?: string; hash?: string; verdict?: Verdict } = {}) =>
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
  const stepOf = async (id: string) => (await view()).steps.find((step) => step.id === id);
  const live = (await stepOf("scope"))?.report;
  if (live?.kind !== "scope") throw new Error("no scope");
  const inZone = changes.filter((one) => one.zone_id === zoneId);
  expect(live.affected.count).toBe(inZone.length);
  expect(live.affected.rows.map(({ eventId }) => eventId)).toEqual(
    expect.arrayContaining(inZone.map(({ event_id }) => event_id)),
  );
  expect(live.neighbours.length).toBeGreaterThan(0);
  expect(live.window.lastWhole).toBeNull();
  expect(live.window.from < live.window.to).toBe(true);
  const writers = new Map(live.writers.map(({ role, by }) => [role, by]));
  expect([...writers.values()].some((by) => by.includes("superuser"))).toBe(true);
  expect([...writers.values()].some((by) => by.includes("owns it"))).toBe(true);
  expect(writers.has("caracal_console")).toBe(false);
  await stage.caracalOwner.query("GRANT UPDATE (decision) ON audit_events_default TO caracal_console");
  const granted = (await stepOf("scope"))?.report;
  if (granted?.kind !== "scope") throw new Error("no scope");
  expect(granted.writers).toContainEqual({
    role: "caracal_console",
    login: true,
    by: ["UPDATE"],
  });
  await stage.caracalOwner.query("REVOKE UPDATE (decision) ON audit_events_default FROM caracal_console");
  const others = granted.connections.filter(({ role }) => role !== "caracal_console");
  expect(others.length).toBeGreaterThan(0); // the owner's own connection of this test
  expect(granted.hiddenConnections).toBe(others.reduce((sum, { connections }) => sum + connections, 0));
  await settle("scope", { reason: "one role can write" });
  expect((await stepOf("scope"))?.report).toMatchObject({
    kind: "scope",
    affected: live.affected,
    window: live.window,
  });
  await expect(settle("archive")).rejects.toThrow(/No comparison of this zone with the archive/);
  const archive = memorySource(archiveOfRows(before));
  await startComparison({ ctx: { ...ctx(), archive }, input: { zoneId } });
  await advanceOneComparison({ db: stage.db, caracal: stage.caracal, archive, holder: "console:test" });
  const said = (await view()).steps.find(({ id }) => id === "archive")?.probe?.sentence;
  expect(said).toMatch(
    /^2026-11-23 20:00 to 2026-11-23 21:00 UTC: [\d,]+ events agree, [1-9]\d* are missing from the database, 0 from the archive/,
  );
  await settle("archive");
  const proposal = (await stepOf("verdict"))?.report;
  if (proposal?.kind !== "proposal") throw new Error("no proposal");
  expect(proposal.proposed).toMatchObject({
    verdict: "tampered",
    notBefore: live.window.from,
    notAfter: live.window.to,
  });
  await expect(settle("verdict", { reason: "tampered, sure" })).rejects.toThrow(/The verdict is needed/);
  const given: Verdict = { ...proposal.proposed, confidence: "certain" };
  await settle("verdict", { reason: "tampered, sure", verdict: given });
  expect((await stepOf("verdict"))?.report).toEqual({ kind: "verdict", given, proposal });
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
  const denied = inZone.find(({ what }) => what === "decision was deny")?.event_id;
  const set = (decision?: string) =>
    stage.caracalOwner.query("UPDATE audit_events SET decision = $2 WHERE id = $1", [denied, decision]);
  const { rows: was } = await stage.caracalOwner.query<{ decision: string }>(
    "SELECT decision FROM audit_events WHERE id = $1",
    [denied],
  );
  await set("deny"); // one is put right while the other is changed: the sums are as before
  await check();
  await expect(settle("hold")).rejects.toThrow(/as many as before the preservation, and they are other rows/);
  await decide(rows[0]?.decision);
  await set("partial"); // the same row, changed once more
  await check();
  await expect(settle("hold")).rejects.toThrow(/or hold something else/);
  await set(was[0]?.decision);
  await check();
  await settle("hold");

  const [sol, cleo, both, stand] = [
    await person("selma", "security"),
    await person("cleo", "compliance"),
    await person("bo", "security"),
    await person("stan", "viewer"),
  ];
  await stage.db.query("UPDATE people SET roles = '{security,compliance}' WHERE id = $1", [both.actor.id]);
  const digest = async () => (await stepOf("sign-off"))?.signing?.digest ?? "";
  const sign = async (who: { actor: Actor; signInId: string }, role: SignerRole, over?: string) =>
    signStep({
      ctx: { ...ctx(), ...who },
      input: { runId, step: "sign-off", role, digest: over ?? (await digest()), comment: "I looked at it" },
    });
  const inserted = (who: Actor, role: SignerRole) =>
    stage.db.query(
      "INSERT INTO guided_signatures (run_id, step, role, person_id, person_name, comment, digest) VALUES ($1, 'sign-off', $2, $3, 'x', 'by the back door', $4)",
      [runId, role, who.id, "a".repeat(64)],
    );
  await expect(settle("sign-off")).rejects.toThrow("Not signed yet: security, compliance.");
  await expect(sign(stand, "security")).rejects.toThrow(/with the role security signs here/);
  await expect(inserted(stand.actor, "security")).rejects.toThrow(/who signs holds the role/);
  await stage.db.query("UPDATE people SET roles = '{responder,security}' WHERE id = $1", [stage.actor.id]);
  const runner = { actor: stage.actor, signInId: sol.signInId };
  await expect(sign(runner, "security")).rejects.toThrow(/proved|signed in/i); // a sign-in of somebody else
  await expect(inserted(stage.actor, "security")).rejects.toThrow(/who runs the playbook does not sign it/);
  await expect(sign(both, "security", "b".repeat(64))).rejects.toThrow(/not what was on your screen/);
  await sign(both, "security");
  await expect(sign(both, "compliance")).rejects.toThrow(/two people have to/);
  await expect(inserted(both.actor, "compliance")).rejects.toThrow(/guided_signatures_run_id_step_person_id_key/);
  await expect(sign(sol, "security")).rejects.toThrow(/bo has signed for security/);
  await expect(settle("sign-off")).rejects.toThrow("Not signed yet: compliance.");
  await expect(
    stage.db.query(
      "INSERT INTO guided_steps (run_id, step, outcome, by_id, by_name) VALUES ($1, 'sign-off', 'done', 'x', 'x')",
      [runId],
    ),
  ).rejects.toThrow(/have not both signed/);
  await expect(takeOverGuided({ ctx: { ...ctx(), actor: both.actor }, input: { runId } })).rejects.toThrow(
    /somebody else has to drive it/,
  );
  await expect(
    stage.db.query("UPDATE guided_runs SET driver_id = $2 WHERE id = $1", [runId, both.actor.id]),
  ).rejects.toThrow(/does not drive it/);
  const answers = await Promise.allSettled([1, 2, 3, 4].map(() => sign(cleo, "compliance")));
  expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  await settle("sign-off");
  const record = await stage.db.query<{ kind: string; summary: string }>(
    "SELECT kind, summary FROM timeline_entries WHERE chain = $1 AND kind IN ('playbook.signed', 'playbook.step-done') ORDER BY seq",
    [incident.id],
  );
  expect(record.filter(({ kind }) => kind === "playbook.signed")).toHaveLength(2);
  expect(record.map(({ summary }) => summary).join("\n")).toMatch(
    /Tampered with, certain, between .* and .*; it took: write access to the database/,
  );

  await decide("partial");
  await check();
  await expect(finishGuided({ ctx: ctx(), input: { runId } })).rejects.toThrow(/Somebody is at it still/);
  await decide(rows[0]?.decision);
  await check();
  await finishGuided({ ctx: ctx(), input: { runId } });
  expect((await view()).state).toBe("done");
});
