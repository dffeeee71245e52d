import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Phase, readPlaywright, readVitest, tally } from "@/scripts/test-phases";

const folder = mkdtempSync(join(tmpdir(), "phases-"));
afterAll(() => rmSync(folder, { recursive: true }));

function phase(json: unknown, read: NonNullable<Phase["report"]>["read"] = readVitest): Phase {
  const file = join(folder, `${Math.random()}.json`);
  if (json !== undefined) writeFileSync(file, JSON.stringify(json));
  return { name: "p", command: ["true"], report: { file, read } };
}

describe("what a phase counts for", () => {
  it("is its tests", () => {
    expect(tally(phase({ numPassedTests: 3, numFailedTests: 0 }), 0)).toEqual({ passed: 3, failed: 0 });
    expect(tally(phase({ numPassedTests: 3, numFailedTests: 2 }), 1)).toEqual({ passed: 3, failed: 2 });
    expect(tally(phase({ stats: { expected: 4, unexpected: 1, flaky: 1 } }, readPlaywright), 1)).toEqual({
      passed: 5, // one of them on its second try
      failed: 1,
    });
  });

  it("is one failure when it broke without a failed test, as a file that cannot be imported does", () => {
    expect(tally(phase({ numPassedTests: 3, numFailedTests: 0 }), 1)).toEqual({ passed: 3, failed: 1 });
    expect(tally({ name: "lint", command: ["true"] }, 1)).toEqual({ passed: 0, failed: 1 });
  });

  it("is one failure when no report was written, whatever the exit code", () => {
    expect(tally(phase(undefined), 1)).toEqual({ passed: 0, failed: 1 });
    expect(tally(phase(undefined), 0)).toEqual({ passed: 0, failed: 1 });
  });

  it("is nothing for a clean phase without tests", () => {
    expect(tally({ name: "lint", command: ["true"] }, 0)).toEqual({ passed: 0, failed: 0 });
  });
});
