import { z } from "zod";

/** Keyset paging shared by every list: an opaque cursor made by the server, and a page size with a hard ceiling. */
export const pageInput = (max: number, standard: number) => ({
  cursor: z.string().max(512).nullish(),
  limit: z.number().int().min(1).max(max).default(standard),
});

/** One page. `nextCursor` is null on the last page. */
export type Page<Row> = { readonly rows: readonly Row[]; readonly nextCursor: string | null };

/** Of rows that were read with one more than the limit: the page, and where the next one begins when there is more. */
export function pageOf<Row>(found: readonly Row[], limit: number, cursorOf: (last: Row) => string): Page<Row> {
  const rows = found.slice(0, limit);
  const last = found.length > limit ? rows.at(-1) : undefined;
  return { rows, nextCursor: last === undefined ? null : cursorOf(last) };
}

/** Caracal's ids are text (UUIDv7 as a rule); anything printable up to 200 characters is looked up as it is. */
export const idText = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[\x21-\x7e]+$/, "must be an id without spaces");

/** Sentences that people write, lines and all: at most `max` characters, without what Postgres refuses in text or jsonb. */
export const writtenText = (max: number) =>
  z
    .string()
    .trim()
    .max(max)
    .regex(/^[^\0\p{Cs}]*$/u, "must be text without NUL or broken characters");

/** Free text of a filter: at most `max` characters, no control characters (Postgres refuses NUL in any text). */
export const plainText = (max: number) =>
  z
    .string()
    .trim()
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, "must be text without control or broken characters");
