import { createHash } from "node:crypto";
import type { Queryable } from "@/server/platform/postgres";
import { withOriginal } from "@/server/redrive/sent-fields";

const page = 500;
const digested = 5_000; // ids at a time

/**
 * The originals of a run as they were kept, in its order, a page at a time. Entries are numbered without gaps, so a page is a range:
 * with a limit instead, the planner would sort all that is left of a list it has no statistics of yet.
 */
export async function* originalsOf(
  db: Queryable,
  runId: string,
): AsyncGenerator<readonly { readonly n: number; readonly entryId: string; readonly line: string }[]> {
  for (let after = 0; ; ) {
    const rows = await db.query<{ n: number; entryId: string; line: string }>(
      `SELECT e.n, e.entry_id AS "entryId", o.line FROM (
         SELECT * FROM redrive_entries WHERE run_id = $1 AND n BETWEEN $2 AND $3) AS e ${withOriginal} ORDER BY e.n`,
      [runId, after + 1, after + page],
    );
    if (rows.length > 0) yield rows;
    after = rows.at(-1)?.n ?? after;
    if (rows.length < page) return;
  }
}

/** SHA-256 and size of a run's archive: its lines in order, each ended by a line feed. */
export async function archiveDigest(
  db: Queryable,
  runId: string,
  breathe: () => Promise<void> = async () => undefined,
): Promise<{ readonly sha256: string; readonly bytes: number; readonly lines: number }> {
  const hash = createHash("sha256");
  let [bytes, lines] = [0, 0];
  for await (const rows of originalsOf(db, runId)) {
    for (const { line } of rows) {
      const text = `${line}\n`;
      hash.update(text);
      bytes += Buffer.byteLength(text);
      lines += 1;
    }
    await breathe();
  }
  return { sha256: hash.digest("hex"), bytes, lines };
}

/** SHA-256 over the ids that were chosen, in order, each ended by a line feed: what a run may touch. */
export async function chosenDigest(
  db: Queryable,
  runId: string,
): Promise<{ readonly digest: string; readonly chosen: number }> {
  const hash = createHash("sha256");
  let chosen = 0;
  for (let after = 0; ; after += digested) {
    const rows = await db.query<{ id: string; chosen: boolean }>(
      "SELECT entry_id AS id, action IS NOT NULL AS chosen FROM redrive_entries WHERE run_id = $1 AND n BETWEEN $2 AND $3 ORDER BY n",
      [runId, after + 1, after + digested],
    );
    const ids = rows.flatMap((row) => (row.chosen ? [row.id] : []));
    for (const id of ids) hash.update(`${id}\n`);
    chosen += ids.length;
    if (rows.length < digested) return { digest: hash.digest("hex"), chosen };
  }
}
