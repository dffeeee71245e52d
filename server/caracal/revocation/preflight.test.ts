import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { streamSignature } from "@/server/caracal/stream-signature";
import { judgeStreamsKey, type SignedEntry } from "./preflight";

const key = randomBytes(32);
const stream = "caracal.policy.invalidate";
const signed = (at: number, under: Buffer): SignedEntry => {
  const fields = { zone_id: "z", policy_set_id: String(at) };
  return { id: `${at}-0`, stream, fields: { ...fields, _sig: streamSignature(under, stream, fields) } };
};
const forged = (at: number): SignedEntry => signed(at, randomBytes(32));
const run = (count: number, make: (at: number) => SignedEntry, from = 1_000) =>
  Array.from({ length: count }, (_, at) => make(from + at));

describe("whether our key is the one that others sign with", () => {
  it("is not shaken by forged entries in front of a good one", () => {
    expect(judgeStreamsKey(key, [signed(1, key), ...run(9, forged)])).toEqual({ verdict: "agrees", stream });
  });

  it("differs when it verifies none of the newest ten, whatever lies behind them", () => {
    expect(judgeStreamsKey(key, [forged(5)])).toEqual({ verdict: "differs", stream });
    expect(judgeStreamsKey(key, [signed(1, key), ...run(10, forged)])).toEqual({ verdict: "differs", stream });
  });

  it("takes ids in Redis's order, also across streams, and says when there is nothing to compare", () => {
    const entries = [...run(10, forged, 900), { ...signed(1_000, key) }]; // "900-0" sorts after "1000-0" as text
    expect(judgeStreamsKey(key, entries).verdict).toBe("agrees");
    expect(judgeStreamsKey(key, [])).toEqual({ verdict: "nothing-to-compare" });
  });
});
