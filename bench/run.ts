import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type BenchReport, publishReport } from "./result";

/** npm run bench -- <name> [flags]: runs bench/<name>.ts, which exports `bench`. Exit code 1 when a goal is missed. */
const parts = new Set(["run", "result", "flags"]);
const known = readdirSync(fileURLToPath(new URL(".", import.meta.url)))
  .filter((file) => /^[a-z-]+\.ts$/.test(file))
  .map((file) => file.slice(0, -3))
  .filter((name) => !parts.has(name) && !name.includes("-"));
const name = process.argv[2] ?? "";
if (!known.includes(name)) {
  console.error(`npm run bench -- <name>, where name is one of: ${known.join(", ")}`);
  process.exit(2);
}
const { bench } = (await import(`./${name}.ts`)) as { bench: () => Promise<BenchReport> };
const report = await bench();
publishReport(report);
process.exit(report.entries.every((entry) => entry.pass) ? 0 : 1);
