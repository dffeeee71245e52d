import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newPerson } from "@/sandbox/new-person";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import type { Actor } from "@/server/auth/roles";
import { abandonGuided, finishGuided, takeOverGuided } from "@/server/playbooks/guided/end-guided";
import { getGuidedRun, listGuidedRuns } from "@/server/playbooks/guided/guided-views";
import { settleStep } from "@/server/playbooks/guided/settle-step";
import { startGuided } from "@/server/playbooks/guided/start-guided";
import { startInventory } from "@/server/keys/start-inventory";

let stage: KeyStage;
let remy: Actor;
const ctx = (actor: Actor = stage.actor) => ({ db: stage.db, caracal: stage.caracal, keks: stage.ctx.keks, actor });
const hash = "a".repeat(64);

beforeAll(async () => {
  stage = await openKeyStage();
  await stage.newZone();
  remy = await newPerson(stage.db, "remy", ["responder"], "Remy");
});
afterAll(() => stage.close());

const start = (playbook: "kek-compromise" | "rotate-keys" = "kek-compromise") =>
  startGuided({ ctx: ctx(), input: { playbook, reason: "The key was in a public log", drill: false } });
const view = (runId: string, actor?: Actor) => getGuidedRun({ ctx: ctx(actor), input: { runId } });
const settle = (
  runId: string,
  step: string,
  more: { skip?: boolean; reason?: string; hash?: string } = {},
  actor?: Actor,
) => settleStep({ ctx: ctx(actor), input: { runId, step, skip: false, ...more } });

describe("a guided run", () => {
  test("declares its P1, goes in order, and a step with a probe is not done because somebody says so", async () => {
    const { runId } = await start();
    const first = await view(runId);
    expect(first).toMatchObject({ state: "open", title: "KEK compromised" });
    expect(first.steps.filter(({ status }) => status === "current").map(({ id }) => id)).toEqual(["preserve"]);
    expect(first.exposure.map(({ id }) => id)).toContain("read-seals");
    const [incident] = await stage.db.query("SELECT severity, origin FROM incidents WHERE id = $1", [
      first.incident.id,
    ]);
    expect(incident).toEqual({ severity: "P1", origin: "playbook" });

    await expect(settle(runId, "inventory")).rejects.toThrow(/"Preserve evidence" comes first/);
    await expect(settle(runId, "preserve", { reason: "the dump" })).rejects.toThrow(/SHA-256/);
    await expect(settle(runId, "preserve", { skip: true })).rejects.toThrow(/needs a reason/);
    await settle(runId, "preserve", { reason: "caracal.dump, in the vault", hash });
    await expect(settle(runId, "freeze")).rejects.toThrow(/Not done yet: Not frozen: Payments/);
    await settle(runId, "freeze", { skip: true, reason: "Payments must go on tonight" });
    await expect(settle(runId, "inventory")).rejects.toThrow(/No inventory has ended/);
    await expect(settle(runId, "inventory", { skip: true, reason: "no time" })).rejects.toThrow(/cannot be skipped/);
    const { jobId } = await startInventory({ ctx: { db: stage.db, actor: stage.actor } });
    await stage.work(jobId);
    await settle(runId, "inventory");
    await settle(runId, "generate"); // the next key is there
    await expect(settle(runId, "approve")).rejects.toThrow(/Nobody has asked for it in this run yet/);
    await expect(finishGuided({ ctx: ctx(), input: { runId } })).rejects.toThrow(/is not settled yet/);

    const seen = await view(runId);
    expect(seen.steps.find(({ id }) => id === "preserve")?.settled).toMatchObject({
      by: "Sol Security",
      hash,
      outcome: "done",
    });
    expect(seen.steps.find(({ id }) => id === "freeze")?.settled).toMatchObject({ outcome: "skipped" });
    const entries = await stage.db.query<{ kind: string }>(
      "SELECT kind FROM timeline_entries WHERE chain = $1 ORDER BY seq",
      [first.incident.id],
    );
    expect(entries.map(({ kind }) => kind)).toEqual([
      "incident.declared",
      "playbook.started",
      "playbook.step-done",
      "playbook.step-skipped",
      "playbook.step-done",
      "playbook.step-done",
    ]);
  });

  test("of two people at once one settles a step; a colleague goes on, takes over and may abandon it", async () => {
    const { runId } = await start();
    const both = await Promise.allSettled([
      settle(runId, "preserve", { skip: true, reason: "No room for a dump" }),
      settle(runId, "preserve", { skip: true, reason: "No time for a dump" }, remy),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    await takeOverGuided({ ctx: ctx(remy), input: { runId } });
    expect((await view(runId)).driver.name).toBe("Remy");
    await abandonGuided({ ctx: ctx(remy), input: { runId, reason: "A false alarm" } });
    await expect(settle(runId, "freeze", { skip: true, reason: "too late" })).rejects.toThrow(/The run is over/);
    await expect(abandonGuided({ ctx: ctx(), input: { runId, reason: "again" } })).rejects.toThrow(/over already/);
    expect(await view(runId)).toMatchObject({ state: "abandoned", endedReason: "A false alarm" });
  });

  test("a run of a restricted incident is not there for others", async () => {
    const { runId } = await start();
    const { incident } = await view(runId);
    await stage.owner.query("UPDATE incidents SET restricted = true WHERE id = $1", [incident.id]);
    await expect(view(runId, remy)).rejects.toThrow(/There is no such run/);
    await expect(settle(runId, "preserve", { skip: true, reason: "hidden" }, remy)).rejects.toThrow(
      /There is no such run/,
    );
    const { rows } = await listGuidedRuns({ ctx: { db: stage.db, actor: remy }, input: { limit: 100 } });
    expect(rows.map(({ id }) => id)).not.toContain(runId);
  });

  test("a dead source is said, and does not keep the page from loading", async () => {
    const { runId } = await start("rotate-keys");
    await stage.db.query(
      "INSERT INTO guided_steps (run_id, step, outcome, by_id, by_name) VALUES ($1, 'inventory', 'done', 'x', 'x'), ($1, 'rotate', 'done', 'x', 'x')",
      [runId],
    );
    const dead = {
      ...ctx(),
      caracal: {
        ...stage.caracal,
        replicas: [{ id: "sts-1", kind: "sts" as const, url: "http://127.0.0.1:9" }],
        db: { ...stage.caracal.db, query: () => Promise.reject(new Error("Caracal's Postgres did not answer")) },
      },
    };
    const seen = await getGuidedRun({ ctx: dead, input: { runId } });
    expect(seen.steps.find(({ id }) => id === "serve")?.probe).toEqual({
      done: null,
      sentence: "Caracal's Postgres did not answer",
    });
    await expect(settleStep({ ctx: dead, input: { runId, step: "serve", skip: false } })).rejects.toThrow(
      /did not answer/,
    );
  });

  test("many viewers cost the sources what one costs, and a probe that was given up is joined, not begun again", async () => {
    const { runId } = await start("rotate-keys");
    await stage.db.query(
      "INSERT INTO guided_steps (run_id, step, outcome, by_id, by_name) VALUES ($1, 'inventory', 'done', 'x', 'x'), ($1, 'rotate', 'done', 'x', 'x')",
      [runId],
    );
    let asked = 0;
    let answer = (): void => undefined;
    const caracal = {
      ...stage.caracal,
      replicas: [{ id: "sts-1", kind: "sts" as const, url: "http://127.0.0.1:9" }],
      db: {
        ...stage.caracal.db,
        query: () => {
          asked += 1;
          return new Promise<never>((_, reject) => {
            answer = () => reject(new Error("Caracal's Postgres did not answer"));
          });
        },
      },
    };
    const look = async () =>
      (await getGuidedRun({ ctx: { ...ctx(), caracal }, input: { runId } })).steps.find(({ id }) => id === "serve")
        ?.probe?.sentence;
    expect(await look()).toBe("no answer within 4 s");
    const once = asked;
    expect(once).toBeGreaterThan(0);
    const waits = Array.from({ length: 20 }, () => "no answer within 4 s");
    expect(await Promise.all(waits.map(look))).toEqual(waits);
    expect(asked).toBe(once);
    answer();
  }, 20_000);
});
