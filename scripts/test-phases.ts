import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";

export type Tally = { readonly passed: number; readonly failed: number };

export type Phase = {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Where its JSON report lands, when it counts tests. */
  readonly report?: { readonly file: string; read(json: unknown): Tally };
};

const vitestReport = z.object({ numPassedTests: z.number(), numFailedTests: z.number() });
const playwrightReport = z.object({
  stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number() }),
});

export function readVitest(json: unknown): Tally {
  const { numPassedTests, numFailedTests } = vitestReport.parse(json);
  return { passed: numPassedTests, failed: numFailedTests };
}

export function readPlaywright(json: unknown): Tally {
  const { expected, unexpected, flaky } = playwrightReport.parse(json).stats;
  return { passed: expected + flaky, failed: unexpected };
}

/** What a finished phase counts for: its tests; and one failure when it broke without naming a failed test. */
export function tally(phase: Phase, exitCode: number): Tally {
  const { report } = phase;
  const counted =
    report !== undefined && existsSync(report.file)
      ? report.read(JSON.parse(readFileSync(report.file, "utf8")))
      : { passed: 0, failed: 0 };
  const broke = exitCode !== 0 && counted.failed === 0;
  const unheard = report !== undefined && !existsSync(report.file) && exitCode === 0;
  return broke || unheard ? { ...counted, failed: counted.failed + 1 } : counted;
}
