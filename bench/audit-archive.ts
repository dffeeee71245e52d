import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { exportKey, hourlyExport } from "@/sandbox/archive/hourly-export";
import { honestChain } from "@/sandbox/audit-chain/honest-chain";
import { sizeOf } from "./flags";
import type { BenchPart } from "./result";

const rowsAnHour = 5_000;
const firstHour = Date.parse("2026-01-01T00:00:00Z");
const key = Buffer.alloc(32, 7);

/** An archive of so many events, an hour at a time, and the table's rows beside it. */
async function fill(folder: string, events: number): Promise<void> {
  const csv = createWriteStream(join(folder, "rows.csv"));
  const cell = (value: unknown) => (value === null ? "" : `"${String(value).replaceAll('"', '""')}"`);
  const { rows } = honestChain(Math.random, rowsAnHour, key);
  csv.write(`${Object.keys(rows[0] ?? {}).join(",")}\n`);
  for (let hour = 0; hour * rowsAnHour < events; hour += 1) {
    const start = firstHour + hour * 3_600_000;
    const ofHour = rows.slice(0, Math.min(rowsAnHour, events - hour * rowsAnHour)).map((row, at) => ({
      ...row,
      id: `${(at * 7919) % rowsAnHour}-${hour}-${row.id}`, // other ids, scattered over the hours
      ingested_at: new Date(start + at * 700).toISOString(),
    }));
    const path = join(folder, "archive", exportKey(new Date(start)));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, hourlyExport(ofHour));
    for (const row of ofHour) if (!csv.write(`${Object.values(row).map(cell).join(",")}\n`)) await once(csv, "drain");
  }
  await new Promise((resolve) => csv.end(resolve));
}

/** Peak memory in MiB and seconds of the offline tool over so many events, its heap bounded as its npm script bounds it. */
async function peakOf(folder: string, events: number): Promise<{ peak: number; seconds: number }> {
  const own = mkdtempSync(join(folder, "events-"));
  await fill(own, events);
  const began = performance.now();
  const said = "data:text/javascript,process.on('exit',()=>console.log('peak '+process.resourceUsage().maxRSS))";
  const child = spawn(
    process.execPath,
    [
      ...["--max-old-space-size=512", "--import", said, join(folder, "compare.mjs")],
      ...["--rows", join(own, "rows.csv"), "--archive", join(own, "archive")],
    ],
    { env: { PATH: process.env.PATH, NODE_ENV: "production" }, stdio: ["ignore", "pipe", "inherit"] },
  );
  let heard = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    heard = (heard + chunk.toString()).slice(-10_000);
  });
  const [code] = (await once(child, "exit")) as [number | null];
  const seconds = (performance.now() - began) / 1_000;
  const peak = /^peak (\d+)$/m.exec(heard)?.[1];
  if (code !== 0 || peak === undefined || !heard.includes(`"agree":${events},`))
    throw new Error(`the tool failed: ${heard.slice(-400)}`);
  rmSync(own, { recursive: true, force: true });
  return { peak: Number(peak) / 1024, seconds };
}

/** Whether a comparison with the archive takes no more memory for ten times as many events. Sizes: --archive-few, --archive-many. */
export async function archive(): Promise<BenchPart> {
  const sizes = { few: sizeOf("archive-few", 100_000), many: sizeOf("archive-many", 1_000_000) };
  const folder = mkdtempSync(join(tmpdir(), "bench-archive-"));
  try {
    await build({
      entryPoints: [join(process.cwd(), "scripts/compare-archive.ts")],
      outfile: join(folder, "compare.mjs"),
      bundle: true,
      platform: "node",
      target: "node20",
      format: "esm",
      banner: {
        js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
      },
      logLevel: "warning",
    });
    const few = await peakOf(folder, sizes.few);
    const many = await peakOf(folder, sizes.many);
    return {
      entries: [
        {
          bench: "audit",
          figure: `peak memory comparing ${sizes.many} events with their archive against ${sizes.few}`,
          value: many.peak,
          unit: "MiB",
          against: `${few.peak.toFixed(0)} MiB`,
          ratio: many.peak / few.peak,
          goal: "ratio <= 1.3",
          pass: many.peak / few.peak <= 1.3,
        },
        {
          bench: "audit",
          figure: `time per event at ${sizes.many} events`,
          value: (many.seconds / sizes.many) * 1e6,
          unit: "us",
          against: `${((few.seconds / sizes.few) * 1e6).toFixed(0)} us at ${sizes.few}`,
          ratio: many.seconds / sizes.many / (few.seconds / sizes.few),
          goal: "ratio <= 2",
          pass: many.seconds / sizes.many / (few.seconds / sizes.few) <= 2,
        },
      ],
      notes: [],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
