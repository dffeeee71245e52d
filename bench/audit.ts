import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { build } from "esbuild";
import { type Chain, honestChain } from "@/sandbox/audit-chain/honest-chain";
import { tamper, wayNames } from "@/sandbox/audit-chain/tampering";
import { canonicalJson, textsOf } from "@/server/audit/verify/canonical-json";
import type { Finding } from "@/server/audit/verify/chain-walk";
import { contentHead, recoverContent } from "@/server/audit/verify/recover-content";
import { microsecondsOf, nanosecondsOf, type StoredRow } from "@/server/audit/verify/stored-row";
import { verifyEvidence } from "@/server/audit/verify/verify-evidence";
import type { BenchEntry, BenchReport } from "./result";

const tamperings = 10_000;
const rowsOfMemory = { few: 20_000, many: 200_000 };
const key = Buffer.alloc(32, 7);

async function* each<T>(list: readonly T[]): AsyncGenerator<T> {
  yield* list;
}
const told = (found: readonly { finding: string; chain_seq: number | null; event_id: string | null }[]) =>
  found
    .map(({ finding, chain_seq, event_id }) => `${finding} ${chain_seq} ${event_id}`)
    .sort()
    .join("\n");

/** Random tamperings over random chains: how many were not seen at all, and how many were told as something else or on other rows. */
async function tampered(): Promise<{ missed: number; wrong: number }> {
  let [missed, wrong] = [0, 0];
  for (let n = 0; n < tamperings; n += 1) {
    const chain: Chain = honestChain(Math.random, 6 + Math.floor(Math.random() * 9), key);
    const done = tamper(chain, wayNames[n % wayNames.length] ?? "", Math.random);
    const found: Finding[] = [];
    await verifyEvidence({ rows: each(done.rows), stream: each(chain.stream), deadLetters: null, key }, (one) =>
      found.push(one),
    );
    if (found.length === 0) missed += 1;
    else if (told(found) !== told(done.found)) wrong += 1;
  }
  return { missed, wrong };
}

/** The same search as anybody would write it: the whole text hashed anew for each of the thousand endings. */
function naive(row: StoredRow): boolean {
  const micros = microsecondsOf(nanosecondsOf(row.occurred_at) ?? 0n);
  const [policies, diagnostics, metadata] = [
    row.determining_policies_json,
    row.diagnostics_json,
    row.metadata_json,
  ].map((text) => [...textsOf(canonicalJson(text))]);
  for (const determiningPolicies of policies ?? [])
    for (const diagnosticsText of diagnostics ?? [])
      for (const metadataText of metadata ?? []) {
        const head = contentHead(row, { determiningPolicies, diagnostics: diagnosticsText, metadata: metadataText });
        for (let remainder = 0; remainder < 1_000; remainder += 1) {
          const text = `${head}${micros}${String(remainder).padStart(3, "0")}`;
          if (createHash("sha256").update(text).digest("hex") === row.content_sha256) return true;
        }
      }
  return false;
}

/** Rows whose numbers can be written in one way only: what the figure a row is about. */
function plainRows(count: number): StoredRow[] {
  const rows: StoredRow[] = [];
  while (rows.length < count)
    for (const row of honestChain(Math.random, 200, key).rows)
      if (
        [row.determining_policies_json, row.diagnostics_json, row.metadata_json].every(
          (text) => canonicalJson(text).forms === 1,
        )
      )
        rows.push(row);
  return rows.slice(0, count);
}

function millisecondsPerRow(rows: readonly StoredRow[], work: (row: StoredRow) => boolean): number {
  const began = performance.now();
  for (const row of rows) if (!work(row)) throw new Error("an honest row was not recovered");
  return (performance.now() - began) / rows.length;
}

/** Peak memory of the offline tool, its heap bounded as its npm script bounds it, over so many rows and their stream, in MiB. */
async function peakOf(script: string, folder: string, rows: number): Promise<number> {
  const paths = { rows: join(folder, "rows.csv"), stream: join(folder, "stream.jsonl") };
  const [csv, jsonl] = [createWriteStream(paths.rows), createWriteStream(paths.stream)];
  const cell = (value: unknown) => (value === null ? "" : `"${String(value).replaceAll('"', '""')}"`);
  const chain = honestChain(Math.random, rows, key); // one zone, so that no zone's size shows either
  csv.write(`${Object.keys(chain.rows[0] ?? {}).join(",")}\n`);
  for (const row of chain.rows) if (!csv.write(`${Object.values(row).map(cell).join(",")}\n`)) await once(csv, "drain");
  for (const entry of chain.stream) if (!jsonl.write(`${JSON.stringify(entry)}\n`)) await once(jsonl, "drain");
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

/** Judging the audit chain: what is missed, what a recovered row costs, whether memory stays flat. */
export async function bench(): Promise<BenchReport> {
  const { missed, wrong } = await tampered();
  const rows = plainRows(3_000);
  millisecondsPerRow(rows.slice(0, 300), (row) => recoverContent(row).kind === "recovered"); // warm
  const own = millisecondsPerRow(rows, (row) => recoverContent(row).kind === "recovered");
  const loop = millisecondsPerRow(rows.slice(0, 600), naive);
  const folder = mkdtempSync(join(tmpdir(), "bench-audit-"));
  try {
    await build({
      entryPoints: [join(process.cwd(), "scripts/verify-evidence.ts")],
      outfile: join(folder, "verify.mjs"),
      bundle: true,
      platform: "node",
      target: "node20",
      format: "esm",
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
      logLevel: "warning",
    });
    const peakScript =
      "data:text/javascript,process.on('exit',()=>console.log('peak '+process.resourceUsage().maxRSS))";
    const few = await peakOf(peakScript, folder, rowsOfMemory.few);
    const many = await peakOf(peakScript, folder, rowsOfMemory.many);
    const exact = (figure: string, value: number): BenchEntry => ({
      bench: "audit",
      figure,
      value,
      unit: "",
      against: null,
      ratio: null,
      goal: "= 0",
      pass: value === 0,
    });
    return {
      name: "audit",
      entries: [
        exact(`of ${tamperings} random tamperings not seen`, missed),
        exact("told as something else, or on other rows", wrong),
        {
          bench: "audit",
          figure: "a recovered row",
          value: own,
          unit: "ms",
          against: `${loop.toFixed(2)} ms, hashed anew each time`,
          ratio: loop / own,
          goal: "ratio >= 3, value <= 0.25",
          pass: loop / own >= 3 && own <= 0.25,
        },
        {
          bench: "audit",
          figure: `peak memory at ${rowsOfMemory.many} rows against ${rowsOfMemory.few}`,
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
