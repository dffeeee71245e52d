import type { Redis } from "ioredis";
import type { RawEntry } from "@/server/caracal/streams/entries";

/** A field's name or value as Redis holds it: text, or base64 of bytes that are no UTF-8. */
export type ExactText = string | { readonly base64: string };
/** An entry with its fields in their order, repeated names and all. */
export type ExactEntry = { readonly id: string; readonly fields: readonly (readonly [ExactText, ExactText])[] };

const mostAtOnce = 500;

function exactText(bytes: Buffer): ExactText {
  const text = bytes.toString("utf8");
  return text.includes("\ufffd") && !Buffer.from(text, "utf8").equals(bytes)
    ? { base64: bytes.toString("base64") }
    : text;
}

/** One bounded page of a stream, oldest first, exactly as it is held: after one id (exclusive), up to another. At most 500. */
export async function readExactEntries(
  redis: Redis,
  page: { readonly stream: string; readonly after: string | null; readonly upTo: string; readonly limit: number },
): Promise<ExactEntry[]> {
  const from = page.after === null ? "-" : `(${page.after}`;
  const rows = await redis.xrangeBuffer(page.stream, from, page.upTo, "COUNT", Math.min(page.limit, mostAtOnce));
  return rows.map(([id, flat]) => {
    const fields: [ExactText, ExactText][] = [];
    for (let at = 0; at + 1 < flat.length; at += 2)
      fields.push([exactText(flat[at] ?? Buffer.alloc(0)), exactText(flat[at + 1] ?? Buffer.alloc(0))]);
    return { id: id.toString(), fields };
  });
}

/** The entry as most readers take it; null when a name comes twice or bytes are no UTF-8, so that this would not be all of it. */
export function plainEntry(entry: ExactEntry): RawEntry | null {
  const fields = new Map<string, string>();
  for (const [name, value] of entry.fields) {
    if (typeof name !== "string" || typeof value !== "string" || fields.has(name)) return null;
    fields.set(name, value);
  }
  return { id: entry.id, fields: Object.fromEntries(fields) }; // also a field that is called __proto__
}

/** The entry on one line of JSON: what an archive keeps and hashes. NUL and the like are escaped, so that any text column takes it. */
export const lineOf = ({ id, fields }: ExactEntry): string => JSON.stringify({ id, fields });

/** The entry of such a line. */
export const entryOfLine = (line: string): ExactEntry => JSON.parse(line) as ExactEntry;
