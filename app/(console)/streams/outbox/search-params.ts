import { parseAsStringLiteral } from "nuqs";

/** What the Outboxes page keeps in its address. */
export const outboxSearch = {
  outbox: parseAsStringLiteral(["event_outbox", "caracal_outbox"] as const).withDefault("event_outbox"),
  state: parseAsStringLiteral(["waiting", "failing", "dead"] as const).withDefault("dead"),
};
