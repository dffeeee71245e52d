import { once } from "node:events";
import { createReadStream } from "node:fs";
import { parse } from "csv-parse";
import { storedRowOf, type StoredRow } from "@/server/audit/verify/stored-row";

const needed = [
  "id",
  "zone_id",
  "event_type",
  "occurred_at",
  "content_sha256",
  "prev_content_sha256",
  "chain_seq",
] as const;

/**
 * The rows of a CSV as COPY audit_events TO … CSV HEADER writes it: columns by their names in the first line, in any order. An
 * empty text is told as NULL: what is hashed is the same (contract section 4). @throws when a needed column is not there or the file is no CSV
 */
export async function* rowsOfCsv(path: string): AsyncGenerator<StoredRow> {
  const file = createReadStream(path);
  await once(file, "open"); // throws when it cannot be
  const parser = parse({ bom: true, columns: true });
  file.on("error", (error) => parser.destroy(error)).pipe(parser);
  let first = true;
  for await (const record of parser as AsyncIterable<Record<string, string>>) {
    const missing = first ? needed.filter((name) => !(name in record)) : [];
    if (missing.length > 0) throw new Error(`${path} has no column ${missing.join(", ")}: it is not audit_events.`);
    first = false;
    const seq = record.chain_seq;
    yield storedRowOf((column) => record[column] || null, seq && /^-?\d{1,16}$/.test(seq) ? Number(seq) : null);
  }
}
