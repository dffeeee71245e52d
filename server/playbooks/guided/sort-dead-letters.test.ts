import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readDeadLetter } from "@/server/caracal/streams/dead-letter";
import { sortMeanings, sortOf } from "./sort-dead-letters";

const recorded = readFileSync(
  new URL("../../../sandbox/fixtures/recorded-incident/before/caracal.audit.events.dlq.jsonl", import.meta.url),
  "utf8",
)
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as { id: string; fields: Record<string, string> });

test("the recorded dead letters: 8 signals, 5 signatures, 1 conflict, 2 unreadable, 1 refused; none of them goes back", () => {
  const sorts = recorded.map((entry) => sortOf(readDeadLetter(entry)));
  const count = (sort: string) => sorts.filter((one) => one === sort).length;
  expect(["security-signal", "signature", "conflict", "unreadable", "refused"].map(count)).toEqual([8, 5, 1, 2, 1]);
  expect(sorts.filter((sort) => sortMeanings[sort].goesBack)).toEqual([]);
});

const letter = (reason: string, kind: "fault" | "security-signal" = "fault") =>
  sortOf({ kind, reason, cause: reason.split(":", 1)[0] ?? "" });

test.each([
  ["transient_exceeded_max_deliveries:dial tcp: connection refused", "outage"],
  ["transient_exceeded_max_deliveries:cannot execute INSERT in a read-only transaction", "outage"],
  ["pg_permanent_error:ERROR: cannot execute INSERT in a read-only transaction (SQLSTATE 25006)", "outage"],
  ["pg_permanent_error:ERROR: could not extend file: No space left on device (SQLSTATE 53100)", "outage"],
  ["pg_permanent_error:ERROR: unsupported Unicode escape sequence (SQLSTATE 22P05)", "refused"],
  ["pg_permanent_error:ERROR: null value (SQLSTATE 23502)", "refused"],
  ["json_parse_error:unexpected end of JSON input", "unreadable"],
  ["a reason nobody knows", "other"],
] as const)("%s", (reason, sort) => {
  expect(letter(reason)).toBe(sort);
});

test("a replayed mandate is a signal whatever the reason says", () => {
  expect(letter("transient_exceeded_max_deliveries:x", "security-signal")).toBe("security-signal");
});
