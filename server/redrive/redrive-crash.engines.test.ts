import { afterAll, beforeAll, expect, test } from "vitest";
import { startAuditProcess } from "@/sandbox/redrive-stage/audit-process";
import { crashRedrives } from "@/sandbox/redrive-stage/crash";
import { openRedriveStage, type RedriveStage } from "@/sandbox/redrive-stage/stage";

let stage: RedriveStage;
let service: Awaited<ReturnType<typeof startAuditProcess>>;
beforeAll(async () => {
  stage = await openRedriveStage();
  service = await startAuditProcess(stage);
});
afterAll(async () => {
  await service?.stop();
  await stage?.close();
});

test("killed at random instructions, a redrive loses nothing, duplicates nothing and accounts for every letter", {
  timeout: 300_000,
}, async () => {
  const tally = await crashRedrives(stage, { kills: 15, letters: 1_200 });
  expect(tally.killed).toBeGreaterThanOrEqual(15);
  expect(tally).toMatchObject({ lost: 0, duplicates: 0, archive: 0, unaccounted: 0, replayed: 0 });
});
