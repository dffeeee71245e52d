import { expect, test } from "vitest";
import { outageWords, span } from "./probe-outage";
import { readReplica } from "@/server/caracal/services/read-replica";
import { serviceImpact, standWords } from "./service-impact";
import { saysOf } from "./service-replicas";

const at = Date.parse("2026-11-28T02:14:03.400Z");

test("an outage is said to the second, with the looks on either side", () => {
  const outage = {
    replica: "sts-1",
    readyUntil: at - 1_000,
    downSince: at,
    downUntil: at + 251_000,
    upSince: at + 252_000,
    reason: "connection refused",
  };
  expect(outageWords(outage, at)).toBe(
    "sts-1 down from 2026-11-28 02:14:03 UTC (last ready 02:14:02 UTC), ready again 02:18:15 UTC (last down 02:18:14 UTC), 4 min 12 s: connection refused",
  );
  expect(outageWords({ ...outage, readyUntil: null, upSince: null }, at + 3_600_000)).toBe(
    "sts-1 down from 2026-11-28 02:14:03 UTC (never seen ready before), still down, for 1 h 0 min 0 s: connection refused",
  );
  expect(span(0, 59_400)).toBe("59 s");
  expect(span(10, 0)).toBe("0 s");
});

const facts = {
  now: at,
  service: "sts" as const,
  mandates: { perCall: at + 60_000, ambient: at + 3_000_000 },
  noneSince: new Map([["sts" as const, at - 4 * 60_000]]),
};

test("what keeps working ends when mandates and cached keys run out, and is gone from the list then", () => {
  expect(serviceImpact(facts).map(({ id, until }) => [id, (until ?? 0) - at])).toEqual([
    ["per-call", 60_000],
    ["ambient", 3_000_000],
    ["keys-5", 60_000],
    ["keys-10", 360_000],
  ]);
  expect(serviceImpact({ ...facts, now: at + 120_000 }).map(({ id }) => id)).toEqual(["ambient", "keys-10"]);
});

test("keys run out of caches only while no STS serves them; of other services nothing of this is said", () => {
  expect(serviceImpact({ ...facts, noneSince: new Map() }).map(({ id }) => id)).toEqual(["per-call", "ambient"]);
  expect(serviceImpact({ ...facts, service: "audit" })).toEqual([]);
  expect(serviceImpact({ ...facts, mandates: { perCall: null, ambient: null }, noneSince: new Map() })).toEqual([]);
});

test("a replica is said to be ready only of services that have an address here", () => {
  expect(standWords(["api"], new Set(), [])).toBe(
    "Of api no address is set here: whether a replica is ready cannot be told.",
  );
  expect(standWords(["sts"], new Set(["sts"]), [])).toBe("A replica of it is ready, so that it is slower at most.");
  expect(standWords(["sts", "gateway", "api"], new Set(["sts", "gateway"]), ["gateway"])).toMatch(
    /^No call passes a gateway\. .*Of api no address is set here/,
  );
});

test("an API that exited is named so, refused or, in compose, no longer resolved; a name of STS is only a name", () => {
  const failed = (reason: string) => ({
    health: { failed: reason },
    ready: { failed: reason },
    metrics: { failed: reason },
  });
  const says = (kind: "api" | "sts", reason: string) =>
    saysOf({ address: { id: `${kind}-1`, kind, url: "http://x" }, reading: readReplica(kind, failed(reason)) });
  expect(says("api", "connection refused")).toMatch(/refused, as it is after it exited; /);
  expect(says("api", "its name does not resolve")).toMatch(/does not resolve, as it is in compose after it exited; /);
  expect(says("api", "no answer within 2 s")).toBe("api-1: no answer within 2 s");
  expect(says("sts", "its name does not resolve")).toBe("sts-1: its name does not resolve");
});
