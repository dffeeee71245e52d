import { spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Phase, readPlaywright, readVitest, type Tally, tally } from "@/scripts/test-phases";
import { messageOf } from "@/server/platform/errors";

const checkout = fileURLToPath(new URL("../", import.meta.url));
const reports = join(checkout, ".cache", "test-reports");
const file = (name: string) => join(reports, `${name}.json`);

const vitest = (project: string): Phase => ({
  name: `${project} tests`,
  command: [
    "vitest",
    "run",
    "--project",
    project,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file(project)}`,
  ],
  report: { file: file(project), read: readVitest },
});

const phases: readonly Phase[] = [
  { name: "format", command: ["biome", "format", "."] },
  { name: "lint", command: ["npm", "run", "--silent", "lint"] },
  { name: "types", command: ["npm", "run", "--silent", "types"] },
  { name: "dead code", command: ["npm", "run", "--silent", "deadcode"] },
  vitest("unit"),
  vitest("engines"),
  { name: "build", command: ["npm", "run", "--silent", "build"] },
  {
    name: "browser tests",
    command: ["playwright", "test", "--reporter=list,json"],
    report: { file: file("playwright"), read: readPlaywright },
  },
];

/** Runs a command with its output shown as it comes. Gives the exit code; a signal or a missing command counts as 1. */
function run([command, ...args]: Phase["command"]): Promise<number> {
  const child = spawn(command, args, {
    cwd: checkout,
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      PATH: [join(checkout, "node_modules", ".bin"), process.env.PATH].join(delimiter),
      PLAYWRIGHT_JSON_OUTPUT_FILE: file("playwright"),
      PLAYWRIGHT_HTML_OPEN: "never",
      NEXT_TELEMETRY_DISABLED: "1",
    },
  });
  return new Promise((resolve) => {
    child.once("error", (error) => {
      console.error(messageOf(error));
      resolve(1);
    });
    child.once("close", (code) => resolve(code ?? 1));
  });
}

rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
const lines: string[] = [];
let total: Tally = { passed: 0, failed: 0 };
for (const phase of phases) {
  console.log(`\n── ${phase.name}`);
  const started = Date.now();
  const exitCode = await run(phase.command);
  const counted = tally(phase, exitCode);
  total = { passed: total.passed + counted.passed, failed: total.failed + counted.failed };
  const took = `${((Date.now() - started) / 1_000).toFixed(0)} s`;
  lines.push(
    `${counted.failed === 0 ? "ok    " : "FAILED"}  ${phase.name}, ${took}: ${counted.passed} passed, ${counted.failed} failed`,
  );
}
console.log(`\n${lines.join("\n")}\n\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
