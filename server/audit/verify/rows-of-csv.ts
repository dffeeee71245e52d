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
const seals = ["chain_hmac", "ingest_signature"] as const;

/**
 * The rows of a CSV as COPY audit_events TO … CSV HEADER writes it: columns by their names in the first line, in any order. An
 * empty text is told as NULL: what is hashed is the same (contract section 4). `sealed`: seals and signatures are needed too, as without
 * them a rewritten row looks whole. @throws when there is no header, a needed column is not in it or the file is no CSV
 */
export async function* rowsOfCsv(path: string, sealed = false): AsyncGenerator<StoredRow> {
  const file = createReadStream(path);
  await once(file, "open"); // throws when it cannot be
  let headed = false;
  const columns = (header: string[]) => {
    headed = true;
    const missing = [...needed, ...(sealed ? seals : [])].filter((name) => !header.includes(name));
    if (missing.length > 0) throw new Error(`${path} has no column ${missing.join(", ")}: it is not audit_events.`);
    return header;
  };
  const parser = parse({ bom: true, columns });
  file.on("error", (error) => parser.destroy(error)).pipe(parser);
  for await (const record of parser as AsyncIterable<Record<string, string>>) {
    const seq = record.chain_seq;
    yield storedRowOf((column) => record[column] || null, seq && /^-?\d{1,16}$/.test(seq) ? Number(seq) : null);
  }
  if (!headed) throw new Error(`${path} has no first line with the names of columns: it is not audit_events.`);
}
