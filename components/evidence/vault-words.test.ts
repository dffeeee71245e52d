import { expect, test } from "vitest";
import { amountText, scopeText, stateTone, stateWord } from "@/components/evidence/vault-words";
import type { ItemSummary } from "@/server/evidence/vault/schemas";

const item = (over: Partial<ItemSummary>): ItemSummary => ({
  id: "i",
  incident: null,
  reason: "r",
  scope: { zone: null, from: null, to: null, partition: null, parts: ["rows"], stores: ["folder"] },
  state: "whole",
  mismatches: 0,
  phase: "end",
  rows: 1_234,
  plainBytes: 5_000_000,
  bytes: 2_048,
  bytesPerSecond: null,
  requestedBy: "d",
  requestedAt: "",
  startedAt: null,
  finishedAt: null,
  cancelAsked: false,
  error: null,
  manifestSha256: null,
  ...over,
});

test("what was changed since is said before how it ended; nothing but whole looks whole", () => {
  expect(stateWord(item({ mismatches: 1 }))).toBe("mismatch");
  expect(stateTone(item({ mismatches: 1 }))).toBe("strong");
  expect(stateTone(item({}))).toBe("ok");
  for (const state of ["queued", "running", "partial", "failed", "cancelled", "removed"] as const)
    expect(stateTone(item({ state }))).not.toBe("ok");
});

test("progress in rows and bytes with its rate, then what it holds", () => {
  expect(amountText(item({ state: "queued" }))).toBe("Waits for a worker.");
  expect(amountText(item({ state: "running", phase: "audit_events.csv.gz", bytesPerSecond: 3_145_728 }))).toBe(
    "audit_events.csv.gz: 1,234 rows and entries, 4.7 MB read, 3 MB/s",
  );
  expect(amountText(item({}))).toBe("1,234 rows and entries, 2 KB compressed");
});

test("the scope as a sentence", () => {
  const scope = { zone: { id: "z", name: "payments" }, from: "2026-11-23T02:14:31.000Z", to: null, partition: null };
  expect(scopeText(scope)).toBe("Zone payments, 2026-11-23 02:14 UTC to now");
  expect(scopeText({ ...scope, zone: null, from: null })).toBe("Every zone, from the beginning to now");
  expect(scopeText({ ...scope, from: null, partition: "audit_events_y2026m11" })).toBe(
    "Zone payments, partition audit_events_y2026m11",
  );
});
