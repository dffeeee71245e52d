import { parseAsString, parseAsStringLiteral } from "nuqs";

export const tabs = ["entries", "pending", "groups", "letters"] as const;

/** What a stream page keeps in its address. `from` is a stream id, exclusive, as the server pages. */
export const streamParams = {
  tab: parseAsStringLiteral(tabs),
  group: parseAsString,
  direction: parseAsStringLiteral(["newest", "oldest"] as const).withDefault("newest"),
  from: parseAsString,
  cause: parseAsString,
};
