import { createHash } from "node:crypto";
import { z } from "zod";
import { DomainError } from "@/server/platform/errors";
import { exactInstant } from "@/server/platform/exact-time";

const envelope = z.object({ v: z.literal(1), f: z.string(), p: z.array(z.string().max(300)).max(4) });

/** The text that a position may hold: no NUL, which Postgres refuses in any text. */
const positionText = (value: string): boolean => !value.includes("\u0000");

/** Key order and absent values do not matter: the same question gives the same digest. */
function digestOf(list: string, filter: Readonly<Record<string, string | undefined>>): string {
  const named = Object.entries(filter)
    .filter(([, value]) => value !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([list, named]))
    .digest("base64url")
    .slice(0, 16);
}

const stale = (): DomainError =>
  new DomainError(
    "stale_cursor",
    "This page marker belongs to another question, or is damaged. Start again from the first page.",
  );

/** Where the next page of `list` under `filter` begins. Opaque to the browser; holds sort keys only, nothing secret. */
export function encodeCursor(
  list: string,
  filter: Readonly<Record<string, string | undefined>>,
  position: readonly string[],
): string {
  return Buffer.from(JSON.stringify({ v: 1, f: digestOf(list, filter), p: position })).toString("base64url");
}

/**
 * The sort keys of the last row seen, or null on the first page. A cursor that is damaged, of another version, of another
 * list or filter, or whose keys `check` refuses is a DomainError("stale_cursor"): nothing of it ever reaches SQL.
 */
export function decodeCursor<Keys extends readonly string[]>(
  list: string,
  filter: Readonly<Record<string, string | undefined>>,
  cursor: string | null | undefined,
  check: (position: readonly string[]) => Keys | null,
): Keys | null {
  if (cursor === null || cursor === undefined) return null;
  let opened: unknown;
  try {
    opened = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    throw stale();
  }
  const parsed = envelope.safeParse(opened);
  if (!parsed.success || parsed.data.f !== digestOf(list, filter) || !parsed.data.p.every(positionText)) throw stale();
  const keys = check(parsed.data.p);
  if (keys === null) throw stale();
  return keys;
}

/** For lists keyed by a time and a row's id, as in (created_at, id): an exact instant and a UUID. */
export function timeAndId(position: readonly string[]): readonly [string, string] | null {
  const [at = "", id = ""] = position;
  return position.length === 2 && exactInstant(at) === at && z.uuid().safeParse(id).success ? [at, id] : null;
}

/** For lists keyed by one text column. */
export const oneKey = (position: readonly string[]): readonly [string] | null =>
  position.length === 1 && position[0] !== undefined ? [position[0]] : null;
