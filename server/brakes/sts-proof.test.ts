import { expect, test } from "vitest";
import type { StsProof } from "@/server/brakes/schemas";
import { allProved, type ProofInput, proveSts } from "@/server/brakes/sts-proof";

const at = (now: number, given: Partial<ProofInput> = {}): readonly StsProof[] =>
  proveSts({
    ...base,
    now,
    consumers: [
      { name: "sts-a-1-policy", agoMs: now - 1_002_000 },
      { name: "sts-b-2-policy", agoMs: now - 999_000 },
    ],
    ...given,
  });
const base: ProofInput = {
  changedAt: 1_000_000,
  now: 1_010_000,
  pollSeconds: 60,
  consumers: [
    { name: "sts-a-1-policy", agoMs: 8_000 },
    { name: "sts-b-2-policy", agoMs: 11_000 },
  ],
  configured: 2,
  notReady: [],
  before: [],
};

test("a delivery counts only after the change; the other waits for its poll", () => {
  const rows = proveSts(base);
  expect(rows.map(({ deliveredAt }) => deliveredAt)).toEqual(["1970-01-01T00:16:42.000Z", null]);
  expect(rows[1]).toMatchObject({ polledAt: null, pollBy: "1970-01-01T00:17:45.000Z", note: null });
  expect(allProved(rows)).toBe(false);
});

test("what was seen stays seen, though the consumer has idled since or is gone from the list", () => {
  const before = proveSts(base);
  const after = proveSts({ ...base, consumers: [{ name: "sts-a-1-policy", agoMs: null }], before });
  expect(after[0]?.deliveredAt).toBe("1970-01-01T00:16:42.000Z");
});

test("the poll proves the rest once its time and a margin have passed", () => {
  const just = at(1_064_999);
  expect(allProved(just)).toBe(false);
  const passed = at(1_065_000);
  expect(allProved(passed)).toBe(true);
});

test("a replica that is not ready may have polled in vain: that proves nothing, and says why", () => {
  const rows = at(1_100_000, { notReady: ["sts-2"] });
  expect(allProved(rows)).toBe(false);
  expect(rows[1]?.note).toBe("sts-2 not ready: whether it polled cannot be told");
});

test("replicas without a consumer have a row of their own; nobody to ask is no proof", () => {
  expect(proveSts({ ...base, consumers: [], configured: 2 })).toHaveLength(2);
  expect(allProved(proveSts({ ...base, consumers: [], configured: 0, now: 2_000_000 }))).toBe(false);
});
