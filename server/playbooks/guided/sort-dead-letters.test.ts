import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { dataSignature } from "@/server/audit/verify/seals";
import type { ExactEntry } from "@/server/caracal/streams/exact-entries";
import { classifyLetter } from "@/server/redrive/letters/classify-letter";
import { readLetter } from "@/server/redrive/letters/read-letter";
import { backSorts, type LetterSort, sortOf } from "./sort-dead-letters";

const key = randomBytes(32);
const dlq = "caracal.audit.events.dlq";

/** As the noter does: judged by the redrive's own classification, with nothing known of any row. */
function sorted(entry: ExactEntry, audit: Buffer | null = key): LetterSort {
  const letter = readLetter(dlq, entry);
  const nothing = { rows: [], session: null, replays: 0 };
  return sortOf(
    { class: classifyLetter(dlq, letter, nothing, { audit, streams: null }).class, cause: letter.cause },
    audit !== null,
  );
}

const recorded = readFileSync(
  new URL(`../../../sandbox/fixtures/recorded-incident/before/${dlq}.jsonl`, import.meta.url),
  "utf8",
)
  .trim()
  .split("\n")
  .map((line): ExactEntry => {
    const { id, fields } = JSON.parse(line) as { id: string; fields: Record<string, string> };
    return { id, fields: Object.entries(fields) };
  });

test("the recorded dead letters: 8 signals, 5 signatures, 1 conflict, 2 unreadable, 1 refused; none of them goes back", () => {
  const sorts = recorded.map((entry) => sorted(entry, null));
  const count = (sort: string) => sorts.filter((one) => one === sort).length;
  expect(["security-signal", "signature-unknown", "conflict", "unreadable", "refused"].map(count)).toEqual([
    8, 5, 1, 2, 1,
  ]);
  expect(sorts.filter((sort) => backSorts.includes(sort))).toEqual([]);
});

const event = (type = "token_exchange") =>
  JSON.stringify({ id: "e", zone_id: "z", event_type: type, occurred_at: "2026-11-28T02:00:00.123456789Z" });
const letter = (reason: string, data = event(), sig = dataSignature(key, data)): ExactEntry => ({
  id: "1-0",
  fields: Object.entries({ reason, received_at: "1", src_id: "e", src_data: data, src_sig: sig }),
});

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
  expect(sorted(letter(reason))).toBe(sort);
});

test("a refused signature is honest when it holds under the key in use, forged when it does not, unknown without a key", () => {
  const refused = "hmac_verify_failed";
  expect(sorted(letter(refused))).toBe("drifted");
  expect(backSorts).toEqual(["outage", "drifted"]);
  expect(sorted(letter(refused, event(), "0".repeat(64)))).toBe("signature");
  expect(sorted(letter(refused), null)).toBe("signature-unknown");
  expect(sorted(letter("transient_exceeded_max_deliveries:x", event(), "00"))).toBe("signature");
});

test("a replayed mandate is a signal whatever the reason says", () => {
  expect(sorted(letter("transient_exceeded_max_deliveries:x", event("replay_detected")))).toBe("security-signal");
});
