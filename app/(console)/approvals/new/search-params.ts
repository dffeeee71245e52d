import { parseAsArrayOf, parseAsString, parseAsStringLiteral } from "nuqs";
import { serviceKinds } from "@/server/services/schemas";
import { askable } from "@/components/approvals/request-model";

export const requestSearch = {
  action: parseAsStringLiteral(askable).withDefault("revoke-zone"),
  zone: parseAsString,
  scope: parseAsStringLiteral(["subjects", "zone"] as const).withDefault("subjects"),
  subjects: parseAsArrayOf(parseAsString).withDefault([]),
  zones: parseAsArrayOf(parseAsString).withDefault([]),
  mode: parseAsStringLiteral(["routine", "compromise"] as const).withDefault("compromise"),
  direction: parseAsStringLiteral(["forward", "back"] as const).withDefault("forward"),
  service: parseAsStringLiteral(serviceKinds).withDefault("sts"),
  stream: parseAsString,
  group: parseAsString,
  outbox: parseAsStringLiteral(["event_outbox", "caracal_outbox"] as const).withDefault("event_outbox"),
  ids: parseAsArrayOf(parseAsString).withDefault([]),
  incident: parseAsString,
};
