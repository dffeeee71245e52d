import { describe, expect, it } from "vitest";
import type { KeyConsumer } from "@/server/caracal/keys/key-invalidation";
import { judgeDelivery, leftBehind, signingCacheMs } from "./key-consumers";

const consumer = (name: string, silentMs: number | null = null): KeyConsumer => ({ name, deliveredAt: 1, silentMs });
const unserved = (counts: Record<string, number>) => new Map(Object.entries(counts));

describe("names that a restart left behind", () => {
  it("from Redis 7.2: who has not asked for a minute is nobody", () => {
    expect([...leftBehind([consumer("a", 900), consumer("b", 61_000)], new Map(), 2)]).toEqual(["b"]);
    expect([...leftBehind([consumer("a", 900), consumer("b", 59_000)], unserved({ b: 1_000 }), 1)]).toEqual([]);
  });

  it("before: who is passed over again and again, while no fewer others than replicas are served", () => {
    const three = [consumer("a"), consumer("b"), consumer("old")];
    expect([...leftBehind(three, unserved({ a: 0, b: 1, old: 8 }), 2)]).toEqual([]);
    expect([...leftBehind(three, unserved({ a: 0, b: 1, old: 9 }), 2)]).toEqual(["old"]);
  });

  it("a replica that we know and that is passed over is never taken for a dead name", () => {
    const two = [consumer("a"), consumer("paused")];
    expect([...leftBehind(two, unserved({ a: 0, paused: 10_000 }), 2)]).toEqual([]);
    expect([...leftBehind([consumer("paused")], unserved({ paused: 10_000 }), 0)]).toEqual([]);
  });
});

describe("a rotation is delivered", () => {
  const writtenAt = Date.UTC(2026, 10, 24, 2, 11, 0);
  const base = { consumers: ["a", "b"], configured: 2, writtenAt, now: writtenAt + 5_000 };

  it("when each consumer was handed one, and they are no fewer than the replicas", () => {
    expect(judgeDelivery({ ...base, delivered: { a: "t", b: "t" } })).toEqual({ done: true, note: null });
    expect(judgeDelivery({ ...base, configured: 0, delivered: { a: "t", b: "t" } }).done).toBe(true);
  });

  it("not while one was not: it may sign with the replaced key until its cache runs out", () => {
    const verdict = judgeDelivery({ ...base, delivered: { a: "t" } });
    expect(verdict.done).toBe(false);
    expect(verdict.note).toBe(
      "1 of 2 STS consumers were reached; b may sign with the replaced key until 02:26:00 UTC at most.",
    );
  });

  it("not while there are fewer consumers than replicas, and never by nobody", () => {
    expect(judgeDelivery({ ...base, consumers: ["a"], delivered: { a: "t" } }).note).toMatch(
      /1 of 2 .* has no consumer/,
    );
    expect(judgeDelivery({ ...base, configured: 0, consumers: [], delivered: {} }).done).toBe(false);
  });

  it("in any case once the cache's fifteen minutes are over", () => {
    expect(judgeDelivery({ ...base, delivered: {}, now: writtenAt + signingCacheMs }).done).toBe(false);
    expect(judgeDelivery({ ...base, delivered: {}, now: writtenAt + signingCacheMs + 1 }).done).toBe(true);
  });
});
