import { parseAsArrayOf, parseAsBoolean, parseAsString, parseAsStringLiteral } from "nuqs/server";
import { presetNames } from "./audit-window";

/** The columns that the list can show, in their order. */
export const columnNames = [
  "type",
  "decision",
  "status",
  "zone",
  "resource",
  "request",
  "seq",
  "policies",
  "set",
  "version",
  "ingested",
  "metadata",
] as const;
export type ColumnName = (typeof columnNames)[number];
export const usualColumns: readonly ColumnName[] = ["type", "decision", "status", "zone", "resource", "request", "seq"];

/**
 * Filters of the audit search as they stand in the address, the page that is shown, and the event that is open beside it. `asof` is where a
 * preset window ends: with it an address means the same events tomorrow.
 */
export const auditSearch = {
  window: parseAsStringLiteral(presetNames).withDefault("1h"),
  since: parseAsString,
  until: parseAsString,
  asof: parseAsString,
  zone: parseAsString,
  type: parseAsString,
  decision: parseAsString,
  status: parseAsString,
  resource: parseAsString,
  set: parseAsString,
  version: parseAsString,
  policy: parseAsString,
  request: parseAsString,
  text: parseAsString,
  page: parseAsString,
  way: parseAsStringLiteral(["older", "newer"]).withDefault("older"),
  tail: parseAsBoolean.withDefault(false),
  cols: parseAsArrayOf(parseAsStringLiteral(columnNames)).withDefault([...usualColumns]),
  event: parseAsString,
  at: parseAsString,
};
