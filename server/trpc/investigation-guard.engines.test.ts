import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { actsOn, cast } from "@/sandbox/approval-stage/acts";
import { type ApprovalStage, openApprovalStage } from "@/sandbox/approval-stage/stage";
import { type BrakeStage, openBrakeStage } from "@/sandbox/brake-stage/stage";
import type { ConsoleDatabase } from "@/sandbox/engines/databases";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import { requestApproval } from "@/server/approvals/ask";
import type { Actor } from "@/server/auth/roles";
import { declareIn } from "@/server/incidents/declare-incident";
import type { Database } from "@/server/platform/postgres";
import { appRouter } from "@/server/routers/app-router";
import type { TRPCContext } from "@/server/trpc/context";
import { t } from "@/server/trpc/init";

type Entry = { kind: string; summary: string };
const entries = (db: Database, chain: string): Promise<Entry[]> =>
  db.query<Entry>("SELECT kind, summary FROM timeline_entries WHERE chain = $1 ORDER BY seq", [chain]);

/** An incident in which the tamper playbook runs on the zone. */
async function investigate(db: Database, zoneId: string, by: Actor, restricted = false) {
  const { incidentId, number } = await db.transaction((tx) =>
    declareIn(tx, by, { title: "Rows are gone", severity: "P1", origin: "playbook", restricted }),
  );
  const runId = randomUUID();
  await db.query(
    `INSERT INTO guided_runs (id, playbook, incident_id, zone_id, zone_name, reason, created_by_id, created_by_name, driver_id, driver_name)
     VALUES ($1, 'audit-tampering', $2, $3, 'Payments', 'Rows are gone', $4, 'x', $4, 'x')`,
    [runId, incidentId, zoneId, by.id],
  );
  const end = () => db.query("UPDATE guided_runs SET state = 'done', ended_at = now() WHERE id = $1", [runId]);
  return { incidentId, number, end };
}

describe("an act that two people agree on", () => {
  let own: ConsoleDatabase;
  let stage: ApprovalStage;
  const { vote, execute, get, executions } = actsOn(() => stage);
  const ask = (zoneId: string, investigationReason?: string) =>
    requestApproval({
      ctx: stage.by("dana"),
      input: { action: "freeze-zone", parameters: { zoneId }, reason: "Its secret is known", investigationReason },
    });

  beforeAll(async () => {
    own = await freshConsoleDatabase();
    stage = await openApprovalStage(own, inject("engines").postgresAdminUrl);
    for (const [name, role] of cast) await stage.addPerson(name, [role]);
  });
  afterAll(async () => {
    await stage?.close();
    await own?.drop();
  });

  test("is refused without a reason, bound to the one that is given, and on the investigation's record before it starts", async () => {
    const held = await investigate(stage.db, "zone-held", stage.by("sol").actor);
    await expect(ask("zone-held")).rejects.toMatchObject({
      code: "precondition_failed",
      facts: { underInvestigation: true },
      message: expect.stringContaining(`INC-${held.number}`),
    });
    const asked = await ask("zone-held", "The thief mints still");
    const view = await get("ari", asked);
    expect(view.investigationReason).toBe("The thief mints still");
    expect(view.canonical).toContain('"investigationReason":"The thief mints still"');
    expect(await entries(stage.db, held.incidentId)).not.toContainEqual(
      expect.objectContaining({ kind: "incident.touched" }),
    );
    await expect(
      stage.owner.query("UPDATE approval_requests SET investigation_reason = 'Other words' WHERE id = $1", [
        asked.approvalId,
      ]),
    ).rejects.toThrow(/does not change/);
    await vote("ari", asked);
    await execute("dana", asked);
    expect((await entries(stage.db, held.incidentId)).at(-1)).toEqual({
      kind: "incident.touched",
      summary:
        'dana goes ahead with "Freeze a zone" in zone Payments although it is under tamper investigation: The thief mints still',
    });
    await held.end();
    await expect(ask("zone-held")).resolves.toBeDefined();
  });

  test("an investigation that began after the request asks whoever executes; until then nothing is used up", async () => {
    const asked = await ask("zone-later");
    await vote("ari", asked);
    const held = await investigate(stage.db, "zone-later", stage.by("sol").actor);
    await expect(execute("dana", asked)).rejects.toMatchObject({ facts: { underInvestigation: true } });
    expect(await executions(asked)).toBe(0);
    expect((await get("dana", asked)).state).toBe("approved");
    await execute("dana", asked, { investigationReason: "Both leads agree" });
    expect((await entries(stage.db, held.incidentId)).at(-1)?.summary).toContain("Both leads agree");
  });

  test("a restricted investigation is not named to somebody who may not see it, and still gets the reason", async () => {
    const held = await investigate(stage.db, "zone-secret", stage.by("sol").actor, true);
    const refused = await ask("zone-secret").catch((error: Error) => error);
    expect(String(refused)).toContain("tamper investigation");
    expect(String(refused)).not.toContain(`INC-${held.number}`);
    const asked = await ask("zone-secret", "It burns");
    await vote("ari", asked);
    await execute("dana", asked);
    expect((await entries(stage.db, held.incidentId)).at(-1)?.kind).toBe("incident.touched");
  });

  const grounds = ["chain-not-whole", "archive-contradicts"];
  test.each(grounds)(
    "an incident of a zone's %s counts while it is open, also after the signal cleared",
    async (rule) => {
      const { db } = stage;
      const zoneId = `zone-${rule}`;
      const key = `${rule}:${zoneId}`;
      const { incidentId } = await db.transaction((tx) =>
        declareIn(tx, null, {
          title: "Chain",
          severity: "P1",
          origin: "automatic",
          dedupeKeys: [key],
        }),
      );
      await expect(ask(zoneId)).rejects.toMatchObject({ facts: { underInvestigation: true } });
      await expect(ask("zone-other")).resolves.toBeDefined();
      const [signal] = await db.query<{ id: string }>(
        `INSERT INTO signal_records (key, rule, severity, sentence, began_at, cleared_at)
       VALUES ($1, $2, 'P1', 'gone', now(), now()) RETURNING id`,
        [key, rule],
      );
      await db.query("UPDATE incident_keys SET open = false WHERE incident_id = $1", [incidentId]);
      await expect(ask(zoneId)).resolves.toBeDefined();
      await db.query("INSERT INTO incident_signals (incident_id, signal_id) VALUES ($1, $2)", [incidentId, signal?.id]);
      await expect(ask(zoneId)).rejects.toMatchObject({ facts: { underInvestigation: true } });
      await db.query("UPDATE incidents SET state = 'resolved', resolved_at = now() WHERE id = $1", [incidentId]);
      await expect(ask(zoneId)).resolves.toBeDefined();
    },
  );
});

describe("an act of one person", () => {
  let stage: BrakeStage;
  beforeAll(async () => {
    stage = await openBrakeStage();
  });
  afterAll(async () => stage?.close());

  const callAs = (actor: Actor) =>
    t.createCallerFactory(appRouter)({
      actor,
      signInId: randomUUID(),
      requestId: "r",
      request: null,
      console: { db: stage.ctx.db, caracal: stage.ctx.caracal } as unknown as TRPCContext["console"],
    });

  test("passes the guard before its verb runs: refused without a reason, recorded with one", async () => {
    const zoneId = await stage.newZone();
    const freezeId = await stage.order(await stage.approved(zoneId));
    const held = await investigate(stage.ctx.db, zoneId, stage.remy);
    const thaw = (more: object = {}) =>
      callAs(stage.dana).brakes.thaw({ freezeId, reason: "The thief is gone", ...more } as {
        freezeId: string;
        reason: string;
      });
    await expect(thaw()).rejects.toThrow(/tamper investigation is open on zone Payments/);
    expect((await stage.see(freezeId)).thawRequestedAt).toBeNull();
    await thaw({ investigationReason: "Customers wait" });
    expect((await stage.see(freezeId)).thawRequestedAt).not.toBeNull();
    expect((await entries(stage.ctx.db, held.incidentId)).at(-1)?.summary).toBe(
      'dana goes ahead with "Thaw a zone" in zone Payments although it is under tamper investigation: Customers wait',
    );
    const elsewhere = { zoneId: "another-zone", applicationId: "none", reason: "It leaked" };
    await expect(callAs(stage.dana).brakes.replaceSecret(elsewhere)).rejects.toThrow(/No such application/);
    await expect(callAs(stage.dana).brakes.replaceSecret({ ...elsewhere, zoneId })).rejects.toThrow(
      /tamper investigation/,
    );
  });
});
