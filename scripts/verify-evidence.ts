import { createPublicKey } from "node:crypto";
import { once } from "node:events";
import { createReadStream, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { JudgePool } from "@/server/audit/threads/judge-pool";
import { anchorsIn } from "@/server/audit/verify/anchoring";
import { judgePage } from "@/server/audit/verify/judge-page";
import { rowsOfCsv } from "@/server/audit/verify/rows-of-csv";
import type { StreamEntry } from "@/server/audit/verify/stream-entry";
import { verifyEvidence } from "@/server/audit/verify/verify-evidence";
import { endWithReader } from "@/server/platform/quiet-pipe";

/**
 * npm run verify-evidence -- --rows audit_events.csv [--stream FILE.jsonl] [--dlq FILE.jsonl] [--anchors FILE.jsonl [--key PEM]]: the auditor's offline tool. One JSON line
 * for each finding, a last one with totals. AUDIT_HMAC_KEY (hex) comes from the environment. Exit code 0 only when nothing was tampered
 * with or removed, 1 when something was, 2 when it could not be told.
 */
const usage =
  "npm run verify-evidence -- --rows audit_events.csv [--stream caracal.audit.events.jsonl] [--dlq caracal.audit.events.dlq.jsonl] [--anchors anchors.jsonl [--key public-key.pem]]";

async function* linesOf(path: string): AsyncGenerator<string> {
  const input = createReadStream(path);
  await once(input, "open"); // throws when it cannot be
  yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
}

async function* entriesOf(path: string): AsyncGenerator<StreamEntry> {
  let number = 0;
  for await (const line of linesOf(path)) {
    number += 1;
    if (line.trim() === "") continue;
    let entry: Partial<StreamEntry> | null = null;
    try {
      entry = JSON.parse(line.replace(/^\ufeff/, "")) as Partial<StreamEntry> | null;
    } catch {
      // told below
    }
    if (typeof entry?.fields !== "object" || entry.fields === null)
      throw new Error(`${path}, line ${number}, is not a stream entry: {"id": …, "fields": {…}}.`);
    yield { id: entry.id ?? "", fields: entry.fields };
  }
}

async function anchorsOf(path: string, keyPath: string | undefined) {
  const key = keyPath === undefined ? null : createPublicKey(readFileSync(keyPath));
  try {
    return await anchorsIn(linesOf(path), key);
  } catch (error) {
    throw new Error(`${path} does not hold: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

/** Small evidence is judged here: threads take longer to begin. */
const pagesHere = 10;

function keyOf(hex: string | undefined): Buffer | null {
  if (hex === undefined || hex === "") return null;
  if (!/^(?:[0-9a-fA-F]{2}){32,}$/.test(hex)) throw new Error("AUDIT_HMAC_KEY is not hex of at least 32 bytes.");
  return Buffer.from(hex, "hex");
}

endWithReader();
try {
  const { values } = parseArgs({
    options: {
      rows: { type: "string" },
      stream: { type: "string" },
      dlq: { type: "string" },
      anchors: { type: "string" },
      key: { type: "string" },
    },
  });
  if (values.rows === undefined) throw new Error(`Which rows? ${usage}`);
  const key = keyOf(process.env.AUDIT_HMAC_KEY);
  if (key === null && values.stream !== undefined)
    process.stderr.write(
      "AUDIT_HMAC_KEY is not set: seals and the stream's signatures cannot be checked, so neither is heard.\n",
    );
  const pool = new JudgePool();
  let pages = 0;
  const totals = await verifyEvidence(
    {
      rows: rowsOfCsv(values.rows, key !== null),
      stream: values.stream === undefined ? null : entriesOf(values.stream),
      deadLetters: values.dlq === undefined ? null : entriesOf(values.dlq),
      key,
      anchors: values.anchors === undefined ? undefined : await anchorsOf(values.anchors, values.key),
      judging: {
        atOnce: pool.size + 1,
        judge: (page) => {
          pages += 1;
          return pages <= pagesHere ? Promise.resolve(judgePage(page)) : pool.judge(page);
        },
      },
    },
    (finding) => process.stdout.write(`${JSON.stringify(finding)}\n`),
  );
  await pool.close();
  process.stdout.write(`${JSON.stringify(totals)}\n`);
  if (totals.rows === 0) process.stderr.write(`${values.rows} has no rows: nothing of them could be told.\n`);
  process.exitCode = totals.tampered === 0 && totals.removed === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
