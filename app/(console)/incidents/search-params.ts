import { parseAsArrayOf, parseAsString, parseAsStringLiteral } from "nuqs/server";
import { severities } from "@/server/platform/severity";

export const shows = ["open", "closed", "all"] as const;
export const showLabels: Readonly<Record<(typeof shows)[number], string>> = {
  open: "Open",
  closed: "Closed and merged",
  all: "All",
};

/** Filters of the incident list as they stand in the address. */
export const incidentSearch = {
  show: parseAsStringLiteral(shows).withDefault("open"),
  severity: parseAsArrayOf(parseAsStringLiteral(severities)).withDefault([]),
  text: parseAsString.withDefault(""),
};
