import { parseAsString, parseAsStringLiteral } from "nuqs/server";
import { presetNames } from "./audit-window";

/** Filters of the audit search as they stand in the address, and the event that is open beside it. */
export const auditSearch = {
  window: parseAsStringLiteral(presetNames).withDefault("1h"),
  since: parseAsString,
  until: parseAsString,
  zone: parseAsString,
  type: parseAsString,
  decision: parseAsString,
  status: parseAsString,
  request: parseAsString,
  text: parseAsString,
  event: parseAsString,
  at: parseAsString,
};
