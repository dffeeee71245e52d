import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { honestEvents } from "@/sandbox/audit-chain/honest-chain";
import { sizeOf } from "./flags";
import type { BenchPart } from "./result";

const key = Buffer.alloc(32, 7);

/** Peak memory of the offline tool, its heap bounded as its npm script bounds it, over so many rows and their stream, in MiB. */
async function peakOf(script: string, folder: string, rows: number): Promise<number> {
  const paths = { rows: join(folder, "rows.csv"), stream: join(folder, "stream.jsonl") };
  const [csv, jsonl] = [createWriteStream(paths.rows), createWriteStream(paths.stream)];
  const cell = (value: unknown) => (value === null ? "" : `"${String(value).replaceAll('"', '""')}"`);
  let written = 0;
  for (const { row, entry } of honestEvents(Math.random, key)) {
    // one zone, so that no zone's size shows either
    if (written === 0) csv.write(`${Object.keys(row).join(",")}\n`);
    if (!csv.write(`${Object.values(row).map(cell).join(",")}\n`)) await once(csv, "drain");
    if (!jsonl.write(`${JSON.stringify(entry)}\n`)) await once(jsonl, "drain");
    written += 1;
    if (written === rows) break;
  }
  await Promise.all([csv, jsonl].map((file) => new Promise((resolve) => file.end(resolve))));
  const child = spawn(
    process.execPath,
    [
      "--max-old-space-size=512",
      "--import",
      script,
      join(folder, "verify.mjs"),
      "--rows",
      paths.rows,
      "--stream",
      paths.stream,
    ],
    {
      env: { PATH: process.env.PATH, NODE_ENV: "production", AUDIT_HMAC_KEY: key.toString("hex") },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = (await once(child, "exit")) as [number | null];
  const peak = /^peak (\d+)$/m.exec(said)?.[1];
  if (code !== 0 || peak === undefined || !said.includes(`"proved":${rows}`))
    throw new Error(`the tool failed: ${said.slice(-400)}`);
  return Number(peak) / 1024;
}

/** Whether the memory of the offline tool stays flat. */
export async function memory(): Promise<BenchPart> {
  const sizes = { few: sizeOf("memory-few", 100_000), many: sizeOf("memory-many", 1_000_000) };
  const folder = mkdtempSync(join(tmpdir(), "bench-audit-"));
  try {
    await build({
      entryPoints: [join(process.cwd(), "scripts/verify-evidence.ts")],
      outfile: join(folder, "verify.mjs"),
      bundle: true,
      platform: "node",
      target: "node20",
      format: "esm",
      banner: {
        js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
      },
      logLevel: "warning",
    });
    const peakScript =
      "data:text/javascript,process.on('exit',()=>console.log('peak '+process.resourceUsage().maxRSS))";
    const few = await peakOf(peakScript, folder, sizes.few);
    const many = await peakOf(peakScript, folder, sizes.many);
    return {
      entries: [
        {
          bench: "audit",
          figure: `peak memory at ${sizes.many} rows against ${sizes.few}`,
          value: many,
          unit: "MiB",
          against: `${few.toFixed(0)} MiB`,
          ratio: many / few,
          goal: "ratio <= 1.3",
          pass: many / few <= 1.3,
        },
      ],
      notes: [],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
