import fc from "fast-check";
import { afterAll, beforeAll, expect, test, inject } from "vitest";
import { nothingPlayed, peopleOfSchedules, play, schedule } from "@/sandbox/approval-stage/schedule";
import { type ApprovalStage, openApprovalStage } from "@/sandbox/approval-stage/stage";
import { violations } from "@/sandbox/approval-stage/violations";
import type { ConsoleDatabase } from "@/sandbox/engines/databases";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";

let console_: ConsoleDatabase;
let stage: ApprovalStage;

beforeAll(async () => {
  console_ = await freshConsoleDatabase();
  stage = await openApprovalStage(console_, inject("engines").postgresAdminUrl);
  await peopleOfSchedules(stage);
});
afterAll(async () => {
  await stage?.close();
  await console_?.drop();
});

/** The same with 100,000 operations: npm run bench -- approvals. */
test("4,000 operations of random schedules, many at once, break none of the laws", async () => {
  const played = nothingPlayed();
  await fc.assert(
    fc.asyncProperty(schedule(12), (batches) =>
      play(stage, batches, played, async (requests, tampered) => {
        const ids = requests.map(({ approvalId }) => approvalId);
        expect(await violations(stage.db, ids, tampered)).toEqual([]);
      }),
    ),
    { numRuns: 75, endOnFailure: true },
  );
  expect(played.operations).toBeGreaterThan(3_500);
  const kinds = ["active", "cancel", "execute", "expire", "request", "roles", "swap", "unseat", "vote", "withdraw"];
  expect([...played.done.keys()].sort()).toEqual(kinds); // each of them also succeeded
});
