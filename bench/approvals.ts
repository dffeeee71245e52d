import { performance } from "node:perf_hooks";
import fc from "fast-check";
import type { BenchReport } from "./result";
import { nothingPlayed, peopleOfSchedules, play, schedule } from "@/sandbox/approval-stage/schedule";
import { openApprovalStage } from "@/sandbox/approval-stage/stage";
import { violations } from "@/sandbox/approval-stage/violations";
import { createConsoleDatabase } from "@/sandbox/engines/databases";
import { startPostgres } from "@/sandbox/engines/postgres";

const wanted = 100_000;
const batches = 24;

/** Random schedules of at least 100,000 operations on approvals against a real Postgres; the laws are looked at after every batch. */
export async function bench(): Promise<BenchReport> {
  const postgres = await startPostgres();
  const own = await createConsoleDatabase(postgres.url);
  const stage = await openApprovalStage(own, postgres.url);
  await peopleOfSchedules(stage);
  const played = nothingPlayed();
  const broken: string[] = [];
  const seed = Date.now() % 2_147_483_647;
  console.log(`seed ${seed}`);
  const from = performance.now();
  let checks = 0;
  try {
    for (let turn = 0; played.operations < wanted; turn += 1) {
      const [commands = []] = fc.sample(schedule(batches), { numRuns: 1, seed: seed + turn });
      await play(stage, commands, played, async (requests, tampered) => {
        checks += 1;
        const ids = requests.map(({ approvalId }) => approvalId);
        broken.push(...(await violations(stage.db, ids, tampered)));
      });
      if (turn % 50 === 49) console.log(`${played.operations} operations, ${broken.length} violations`);
    }
    const seconds = (performance.now() - from) / 1_000;
    for (const violation of broken.slice(0, 20)) console.error(violation);
    const [executed] = await stage.db.query<{ rows: number; requests: number }>(
      `SELECT (SELECT count(*) FROM fake_executions)::int AS rows, (SELECT count(*) FROM approval_requests)::int AS requests`,
    );
    const entry = (figure: string, value: number, unit: string, goal: string, pass: boolean) => ({
      bench: "approvals",
      figure,
      value,
      unit,
      against: null,
      ratio: null,
      goal,
      pass,
    });
    return {
      name: "approvals",
      entries: [
        entry(
          "operations of random schedules",
          played.operations,
          "operations",
          ">= 100000",
          played.operations >= wanted,
        ),
        entry("laws broken", broken.length, "violations", "= 0", broken.length === 0),
      ],
      notes: [
        { figure: "looks at every law", value: checks, unit: "times" },
        { figure: "requests asked for", value: executed?.requests ?? 0, unit: "requests" },
        { figure: "executions", value: executed?.rows ?? 0, unit: "executions" },
        ...[...played.done].map(([kind, value]) => ({ figure: `${kind}: done`, value, unit: "operations" })),
        ...[...played.refused].map(([kind, value]) => ({ figure: `${kind}: refused`, value, unit: "operations" })),
        { figure: "rate", value: played.operations / seconds, unit: "operations/s" },
      ],
    };
  } finally {
    await stage.close();
    await own.drop();
    await postgres.dispose();
  }
}
