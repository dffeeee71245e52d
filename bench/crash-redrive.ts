import { createCaracalDatabase, createConsoleDatabase } from "@/sandbox/engines/databases";
import { startPostgres } from "@/sandbox/engines/postgres";
import { startRedis } from "@/sandbox/engines/redis";
import { startAuditProcess } from "@/sandbox/redrive-stage/audit-process";
import { crashRedrives } from "@/sandbox/redrive-stage/crash";
import { openRedriveStage } from "@/sandbox/redrive-stage/stage";
import { sizeOf } from "./flags";
import type { BenchEntry, BenchPart } from "./result";

/** Lists and redrives of mixed letters with ingestion running, the worker killed at random instructions and moments: --redrive-kills, --letters. */
export async function redrive(): Promise<BenchPart> {
  const [kills, letters] = [sizeOf("redrive-kills", 300), sizeOf("letters", 5_000)];
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  const [own, theirs] = await Promise.all([createConsoleDatabase(postgres.url), createCaracalDatabase(postgres.url)]);
  const stage = await openRedriveStage({
    engines: { own, theirs, redis: { url: redis.url, drop: async () => undefined } },
  });
  const audit = await startAuditProcess(stage);
  try {
    const tally = await crashRedrives(stage, { kills, letters });
    const none = (figure: string, value: number): BenchEntry => ({
      bench: "crash",
      figure: `redrive: ${figure}`,
      value,
      unit: "",
      against: null,
      ratio: null,
      goal: "= 0",
      pass: value === 0,
    });
    return {
      entries: [
        { ...none("workers killed", tally.killed), goal: `>= ${kills}`, pass: tally.killed >= kills },
        none("events lost", tally.lost),
        none("events with more than one row", tally.duplicates),
        none("letters that the archive does not hold as they were", tally.archive),
        none("letters that are not accounted for", tally.unaccounted),
        none("letters that must not go back and did", tally.replayed),
      ],
      notes: [
        { figure: "redrives that were finished in spite of it", value: tally.redrives, unit: "" },
        { figure: "letters in them", value: tally.letters, unit: "" },
        { figure: "additions that could not be found again", value: tally.again, unit: "" },
        { figure: "second copies in the stream, taken as nothing", value: tally.copies, unit: "" },
      ],
    };
  } finally {
    await audit.stop();
    await stage.close();
    await Promise.all([postgres.dispose(), redis.dispose()]);
  }
}
