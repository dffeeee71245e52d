import { expect, it } from "vitest";
import { estimateWords } from "./overview";

it("an estimate is said as one, to two digits, with what it left out", () => {
  expect(estimateWords({ estimate: 1_238_456, leftOut: [] })).toBe("about 1,200,000 events, by Postgres's statistics");
  expect(estimateWords({ estimate: 7, leftOut: ["text", "resource"] })).toBe(
    "about 7 events, before text and resource, by Postgres's statistics",
  );
});
