import { DomainError } from "@/server/platform/errors";

const shape = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?)(?:\.(\d+))?(Z|[+-]\d{2}:\d{2})$/;

/**
 * An ISO instant as UTC text with exactly six decimals, e.g. `2026-11-23T20:20:20.617133Z`: what Postgres stores, which a
 * JS Date cannot hold. Finer digits are cut off. Null when it is no instant between the years 0001 and 9999, so that
 * whatever passes is safe in a ::timestamptz cast. Texts of this form sort as the instants do.
 */
export function exactInstant(text: string): string | null {
  const parts = shape.exec(text);
  if (parts === null) return null;
  const [, wall = "", decimals = "", offset = ""] = parts;
  const at = new Date(`${wall}${offset}`);
  if (Number.isNaN(at.getTime())) return null;
  const utc = at.toISOString();
  if (!/^\d{4}-/.test(utc) || utc.startsWith("0000")) return null;
  if (offset === "Z" && !utc.startsWith(wall)) return null; // 31 February rolls over instead of failing
  return `${utc.slice(0, 19)}.${decimals.slice(0, 6).padEnd(6, "0")}Z`;
}

/** As exactInstant, for input: @throws DomainError("bad_input") naming the field. */
export function requireInstant(field: string, text: string): string {
  const exact = exactInstant(text);
  if (exact === null)
    throw new DomainError("bad_input", `${field} is not a time between the years 0001 and 9999.`, { field });
  return exact;
}

/** Whole milliseconds since 1970 of an exact instant: for window lengths and UUIDv7 bounds, never as a key. */
export const millisecondsOf = (exact: string): number => Date.parse(`${exact.slice(0, 23)}Z`);

/** The select expression that prints a timestamptz column as an exact instant, whatever the connection's time zone. */
export const exactInstantSql = (column: string): string =>
  `to_char((${column}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
