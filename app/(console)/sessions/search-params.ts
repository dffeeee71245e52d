import { parseAsString, parseAsStringLiteral } from "nuqs/server";
import { sessionStates } from "@/server/sessions/schemas";

/** Filters of the session list as they stand in the address. */
export const sessionSearch = {
  zone: parseAsString,
  subject: parseAsString,
  state: parseAsStringLiteral(sessionStates).withDefault("live"),
};

export const stateLabels: Readonly<Record<(typeof sessionStates)[number], string>> = {
  live: "Live",
  revoked: "Revoked",
  expired: "Expired",
  any: "Any",
};
