import { expect, test } from "vitest";
import { regionHref } from "./region-href";

const region = { from: 0, to: 1, fromId: "10-0", toId: "20-3" };

test("each stretch opens at its own first entry", () => {
  expect(regionHref("a.b", "g", { ...region, kind: "read" })).toContain("from=9-18446744073709551615");
  expect(regionHref("a.b", "g", { ...region, kind: "unread" })).toContain("from=10-0");
  expect(regionHref("a.b", "g", { ...region, kind: "lost" })).toContain("from=20-2");
  expect(regionHref("a.b", "g 1", { ...region, kind: "pending" })).toBe("/streams/a.b?tab=pending&group=g%201");
});
