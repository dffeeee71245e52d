import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

const recorded = "sandbox/fixtures/recorded-incident";

test.each([
  ["verify-rows", "sandbox/vectors/audit-content-hash.json", 141],
  ["verify-evidence", `--rows ${recorded}/after/audit_events.csv`, 141],
  ["verify-bundle", "package.json", 1], // it prints its few lines at once, and its verdict stands
])(
  "%s ends quietly, and not as if all were well, when its reader closes",
  (script, given, code) => {
    const line = `node --import tsx scripts/${script}.ts ${given} | true; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", line], { encoding: "utf8" });
    expect([stderr, Number(stdout)]).toEqual(["", code]);
  },
  60_000,
);
