import { expect, test } from "vitest";
import { linkWord, stripServices, stripSources } from "@/components/shell/strip-model";
import type { ReplicaState, Snapshot, SourceState } from "@/server/live/snapshot";

const now = 1_000_000;
const source = (id: string, rest: Partial<SourceState>): SourceState => ({
  id,
  label: id,
  status: "ok",
  okAt: now,
  failingSince: null,
  reason: null,
  ...rest,
});
const replica = (id: string, rest: Partial<ReplicaState>): ReplicaState => ({
  id,
  kind: "sts",
  url: "http://sts",
  reachable: true,
  ready: true,
  readyReason: null,
  healthy: true,
  healthReason: null,
  metrics: {},
  metricsStatus: "ok",
  metricsAt: now,
  restarts: 0,
  restartedAt: null,
  seenAt: now,
  failingSince: null,
  ...rest,
});
const snapshot: Snapshot = {
  at: now,
  deployment: "acme-prod",
  release: null,
  sources: [
    source("caracal-postgres", {}),
    source("caracal-redis", { status: "stale", okAt: now - 12_400, reason: "connection refused" }),
    source("console-postgres", { status: "never", okAt: null }),
    source("sts-1", { status: "stale" }),
  ],
  streams: [],
  replicas: [
    replica("sts-1", { reachable: false, ready: true }),
    replica("sts-2", {}),
    replica("sts-3", { ready: false }),
  ],
  signals: [],
  counts: {},
  unseen: [],
};

test("sources are said with their age; replicas are counted apart", () => {
  expect(stripSources(snapshot, now).map((item) => `${item.label} ${item.word}`)).toEqual([
    "caracal-postgres ok",
    "caracal-redis stale 12 s",
    "console-postgres never answered",
  ]);
});

test("a replica counts only when it is reached and ready", () => {
  expect(stripServices(snapshot)).toEqual({ ready: 1, total: 3, notReady: ["sts-1", "sts-3"] });
});

test("a link that is up but brings nothing is stale, never live", () => {
  expect(linkWord({ kind: "live" }, now - 2_000, now)).toMatchObject({ word: "live", good: true });
  expect(linkWord({ kind: "live" }, now - 42_000, now)).toMatchObject({ word: "stale 42 s", good: false });
  expect(linkWord({ kind: "reconnecting", since: now - 7_000, reason: null }, now - 9_000, now)).toMatchObject({
    word: "reconnecting 7 s",
    good: false,
  });
  expect(linkWord({ kind: "signed-out" }, now, now).good).toBe(false);
});
