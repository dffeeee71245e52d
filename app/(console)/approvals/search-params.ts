import { parseAsStringLiteral } from "nuqs";

export const shows = ["open", "ended", "all"] as const;
export const showLabels: Readonly<Record<(typeof shows)[number], string>> = {
  open: "Open",
  ended: "Ended",
  all: "All",
};
export const approvalSearch = { show: parseAsStringLiteral(shows).withDefault("open") };
