import { entryOfLine, plainEntry } from "@/server/caracal/streams/exact-entries";
import type { RawEntry } from "@/server/caracal/streams/entries";
import type { Queryable } from "@/server/platform/postgres";

const page = 500;

/**
 * Letters that were discarded from a dead-letter stream, from what was kept of them, a page at a time: their events never came into the
 * log and are not missing from it. A check of the audit chain would call them removed rows else.
 */
export async function* discardedLetters(db: Queryable, stream: string): AsyncGenerator<RawEntry[]> {
  for (let after = ""; ; ) {
    const rows = await db.query<{ entry_id: string; line: string }>(
      `SELECT DISTINCT ON (e.entry_id) e.entry_id, o.line FROM redrive_entries e JOIN dead_letter_originals o USING (stream, entry_id, sha256)
        WHERE e.stream = $1 AND e.entry_id > $2 AND e.action = 'discard' AND e.state = 'retired' ORDER BY e.entry_id LIMIT ${page}`,
      [stream, after],
    );
    const entries = rows.map(({ line }) => plainEntry(entryOfLine(line))).filter((entry) => entry !== null);
    if (entries.length > 0) yield entries;
    after = rows.at(-1)?.entry_id ?? after;
    if (rows.length < page) return;
  }
}
