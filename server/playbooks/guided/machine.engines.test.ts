import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newPerson } from "@/sandbox/new-person";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import type { Actor } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import { abandonGuided, finishGuided, takeOverGuided } from "@/server/playbooks/guided/end-guided";
import { playbookOf } from "@/server/playbooks/guided/playbooks";
import { settledSteps } from "@/server/playbooks/guided/run-rows";
import { settleStep } from "@/server/playbooks/guided/settle-step";
import { startGuided } from "@/server/playbooks/guided/start-guided";
import { tickCheck } from "@/server/playbooks/guided/tick-check";

let stage: KeyStage;
let people: Actor[];

beforeAll(async () => {
  stage = await openKeyStage();
  await stage.newZone();
  people = [stage.actor, await newPerson(stage.db, "remy", ["responder"], "Remy")];
});
afterAll(() => stage.close());

const steps = playbookOf("kek-compromise").steps;
const due = "whichever is due";
type Act = "skip" | "settle" | "tick" | "finish" | "takeOver" | "abandon";
const command = fc.record({
  act: fc.oneof(
    { weight: 8, arbitrary: fc.constant<Act>("skip") },
    { weight: 4, arbitrary: fc.constantFrom<Act>("settle", "settle", "tick") },
    { weight: 1, arbitrary: fc.constantFrom<Act>("finish", "takeOver", "abandon") },
  ),
  who: fc.constantFrom(0, 1),
  step: fc.oneof(
    { weight: 4, arbitrary: fc.constant(due) },
    { weight: 1, arbitrary: fc.constantFrom(...steps.map(({ id }) => id), "no-such-step") },
  ),
});
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

async function carryOut(runId: string, { act, who, step: named }: Command): Promise<boolean> {
  const ctx = { db: stage.db, caracal: stage.caracal, keks: stage.ctx.keks, actor: people[who] ?? stage.actor };
  const reason = "said by the test";
  const rows = await settledSteps(stage.db, runId);
  const step = named === due ? (steps[rows.length]?.id ?? "") : named;
  try {
    if (act === "finish") await finishGuided({ ctx, input: { runId } });
    else if (act === "takeOver") await takeOverGuided({ ctx, input: { runId } });
    else if (act === "abandon") await abandonGuided({ ctx, input: { runId, reason } });
    else if (act === "tick") await tickCheck({ ctx, input: { runId, step, item: "secret-manager", note: reason } });
    else await settleStep({ ctx, input: { runId, step, skip: act === "skip", reason, hash: "a".repeat(64) } });
    return true;
  } catch (error) {
    if (error instanceof DomainError) return false; // refused in words; anything else is a fault
    throw error;
  }
}

test("whatever two people do at once: steps are settled in order, once each, only possible ones skipped, none after the end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(command, command), { minLength: 4, maxLength: 14 }), async (pairs) => {
      const { runId } = await startGuided({
        ctx: { db: stage.db, caracal: stage.caracal, keks: stage.ctx.keks, actor: stage.actor },
        input: { playbook: "kek-compromise", reason: "a property", drill: true },
      });
      await stage.inventory(); // so that some runs get past it
      let ended = false;
      for (const pair of pairs) {
        const before = (await settledSteps(stage.db, runId)).length;
        const done = await Promise.all(pair.map((one) => carryOut(runId, one)));
        const rows = await settledSteps(stage.db, runId);
        if (ended) {
          expect(done).toEqual([false, false]);
          expect(rows).toHaveLength(before);
        }
        const settled = steps.filter(({ id }) => rows.some((row) => row.step === id)).map(({ id }) => id);
        expect(settled).toEqual(steps.slice(0, rows.length).map(({ id }) => id)); // a prefix, each once
        for (const row of rows.filter(({ outcome }) => outcome === "skipped"))
          expect(steps.find(({ id }) => id === row.step)?.skippable).toBe(true);
        const [run] = await stage.db.query<{ state: string }>("SELECT state FROM guided_runs WHERE id = $1", [runId]);
        expect(run?.state).not.toBe("done"); // nothing was re-encrypted here: nobody can get to the end
        ended = run?.state === "abandoned";
      }
      const [entries] = await stage.db.query<{ settled: number }>(
        `SELECT count(*)::int AS settled FROM timeline_entries WHERE kind IN ('playbook.step-done', 'playbook.step-skipped')
            AND chain = (SELECT incident_id FROM guided_runs WHERE id = $1)`,
        [runId],
      );
      expect(entries?.settled).toBe((await settledSteps(stage.db, runId)).length);
    }),
    { numRuns: 25 },
  );
}, 60_000);
