import { createHash } from "node:crypto";
import { honestChain } from "@/sandbox/audit-chain/honest-chain";
import { canonicalJson, textsOf } from "@/server/audit/verify/canonical-json";
import { contentHead, recoverContent } from "@/server/audit/verify/recover-content";
import { microsecondsOf, nanosecondsOf, type StoredRow } from "@/server/audit/verify/stored-row";
import type { BenchPart } from "./result";

const key = Buffer.alloc(32, 7);

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

/** Time of one core, not of the clock: what else the machine does meanwhile does not count. */
function millisecondsPerRow(rows: readonly StoredRow[], work: (row: StoredRow) => boolean): number {
  const began = process.cpuUsage();
  for (const row of rows) if (!work(row)) throw new Error("an honest row was not recovered");
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1_000 / rows.length;
}

/** What a row costs whose hashed bytes are rebuilt, against the search as anybody would write it. */
export async function recovery(): Promise<BenchPart> {
  const rows = plainRows(3_000);
  millisecondsPerRow(rows.slice(0, 300), (row) => recoverContent(row).kind === "recovered"); // warm
  const own = millisecondsPerRow(rows, (row) => recoverContent(row).kind === "recovered");
  const loop = millisecondsPerRow(rows.slice(0, 600), naive);
  return {
    entries: [
      {
        bench: "audit",
        figure: "a recovered row",
        value: own,
        unit: "ms of a core",
        against: `${loop.toFixed(2)} ms, hashed anew each time`,
        ratio: loop / own,
        goal: "ratio >= 3, value <= 0.25",
        pass: loop / own >= 3 && own <= 0.25,
      },
    ],
    notes: [],
  };
}
