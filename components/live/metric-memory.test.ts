import { expect, test } from "vitest";
import { MetricMemory } from "@/components/live/metric-memory";
import type { ReplicaState, Snapshot } from "@/server/live/snapshot";

const snapshot = (at: number, metrics: Record<string, number>): Snapshot => ({
  at,
  deployment: "acme",
  release: null,
  sources: [],
  streams: [],
  replicas: [{ id: "gateway-1", metrics } as ReplicaState],
  signals: [],
  counts: {},
  unseen: [],
});

test("movement is told against the first look, unchanged figures are left out", () => {
  const memory = new MetricMemory();
  memory.take(snapshot(0, { requests_total: 10, denials_revoked: 2 }));
  memory.take(snapshot(1_000, { requests_total: 15, denials_revoked: 2 }));
  expect(memory.since()).toBe(0);
  expect(memory.moved("gateway-1", { requests_total: 17, denials_revoked: 2 })).toEqual([
    { metric: "requests_total", by: 7 },
  ]);
});

test("a counter that fell restarted from zero", () => {
  const memory = new MetricMemory();
  memory.take(snapshot(0, { requests_total: 100 }));
  expect(memory.moved("gateway-1", { requests_total: 4 })).toEqual([{ metric: "requests_total", by: 4 }]);
});

test("the window slides: what moved six minutes ago is forgotten", () => {
  const memory = new MetricMemory();
  for (let at = 0; at <= 400_000; at += 10_000) memory.take(snapshot(at, { requests_total: at < 60_000 ? 0 : 50 }));
  expect(memory.since()).toBeGreaterThanOrEqual(400_000 - 5 * 60_000 - 30_000);
  expect(memory.moved("gateway-1", { requests_total: 50 })).toEqual([]);
});

test("a replica not seen before has not moved", () => {
  expect(new MetricMemory().moved("gateway-9", { requests_total: 4 })).toEqual([]);
});
