import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ServiceKind } from "@/server/live/snapshot";
import { readJwks } from "./jwks";
import { type Answer, readReplica } from "./read-replica";
import { droppedCounters } from "./restarts";

type Recorded = Record<string, Record<string, { status: number; body: string } | "connection refused">>;

const states = [
  "all-up",
  "redis-down",
  "redis-back",
  "postgres-down",
  "postgres-back",
  "sts-2-on-another-kek",
] as const;
const recorded = Object.fromEntries(
  states.map((state) => [
    state,
    JSON.parse(
      readFileSync(new URL(`../../../sandbox/fixtures/services/${state}.json`, import.meta.url), "utf8"),
    ) as Recorded,
  ]),
) as Record<(typeof states)[number], Recorded>;

const answer = (state: (typeof states)[number], replica: string, path: string): Answer => {
  const given = recorded[state][replica]?.[path];
  if (given === undefined) throw new Error(`${state} has no ${replica} ${path}`);
  return given === "connection refused" ? { failed: given } : given;
};
const read = (state: (typeof states)[number], replica: string) =>
  readReplica(replica.replace(/-\d+$/, "") as ServiceKind, {
    health: answer(state, replica, "health"),
    ready: answer(state, replica, "ready"),
    metrics: answer(state, replica, "metrics"),
  });

describe("readReplica on the recorded services", () => {
  it("all up: every replica ready; the API has no metrics and the coordinator wants a token, neither is down", () => {
    for (const replica of Object.keys(recorded["all-up"])) {
      expect(read("all-up", replica)).toMatchObject({ reachable: true, ready: true, healthy: true, readyReason: null });
    }
    expect(read("all-up", "api").metricsStatus).toBe("none");
    expect(read("all-up", "coordinator").metricsStatus).toBe("no-token");
    expect(read("all-up", "sts-1").metrics).toMatchObject({
      "sts.audit_dropped": 0,
      audit_dropped: 0,
      "opa.eval_total": 181,
    });
    expect(read("all-up", "audit").metrics).toMatchObject({ is_export_leader: 1, tamper_mismatch_total: 575 });
    expect(read("all-up", "gateway-1").metrics?.revocations_active).toBe(18);
  });

  it("Redis down: not ready with the service's own words, from text and from JSON", () => {
    expect(read("redis-down", "sts-1")).toMatchObject({
      ready: false,
      healthy: true,
      readyReason: "redis unreachable: dial tcp 127.0.0.1:56379: connect: connection refused",
    });
    expect(read("redis-down", "api").readyReason).toMatch(/^Reached the max retries/);
    expect(read("redis-down", "sts-1").metrics?.["sts.audit_replay_pending"]).toBe(6);
    expect(read("redis-down", "sts-1").refused).toBe(false);
  });

  it("Redis back: audit is ready, and its 503 on /health is called neither dead nor idle", () => {
    const audit = read("redis-back", "audit");
    expect(audit).toMatchObject({ ready: true, healthy: false });
    expect(audit.healthReason).toContain("dead, or idle since Redis was away");
    expect(read("redis-down", "audit").healthReason).toBe("consumer unhealthy");
  });

  it("Postgres down and back: API and coordinator are gone, the others say why and recover", () => {
    for (const replica of ["api", "coordinator"]) {
      expect(read("postgres-down", replica)).toMatchObject({
        reachable: false,
        refused: true,
        ready: false,
        readyReason: "connection refused",
        metrics: null,
        metricsStatus: "failed",
      });
      expect(read("postgres-back", replica).ready).toBe(false);
    }
    expect(read("postgres-down", "sts-1").readyReason).toMatch(/^postgres unreachable/);
    expect(read("postgres-down", "audit").readyReason).toMatch(/^pg unreachable/);
    for (const replica of ["sts-1", "sts-2", "gateway-1", "gateway-2", "audit"])
      expect(read("postgres-back", replica).ready).toBe(true);
  });

  it("an STS on another KEK is ready, and only its JWKS tells", () => {
    const kids = ["28fb979e-0e07-4578-bf56-6a25ae63981e", "5fcab04a-236a-44bf-85ed-738b5627dead"];
    const zone = { zoneId: "z", zoneName: "payments", kids };
    const jwks = (replica: string) => answer("sts-2-on-another-kek", replica, ".well-known/jwks.json");
    expect(read("sts-2-on-another-kek", "sts-2").ready).toBe(true);
    expect(readJwks("sts-1", zone, jwks("sts-1")).verdict).toBe("same");
    expect(readJwks("sts-2", zone, jwks("sts-2"))).toMatchObject({ verdict: "differs", served: null });
    expect(readJwks("sts-1", { ...zone, kids: ["newer", ...kids.slice(0, 1)] }, jwks("sts-1")).verdict).toBe("differs");
    expect(readJwks("sts-1", zone, { status: 404, body: "zone signing key not found" }).verdict).toBe("cannot-tell");
  });

  it("takes a fall of any counter for a restart, of a gauge or a sweep figure not", () => {
    const before = read("all-up", "sts-2").metrics ?? {};
    expect(droppedCounters(before, read("sts-2-on-another-kek", "sts-2").metrics ?? {})).toContain("opa.eval_total");
    expect(droppedCounters(before, read("redis-back", "sts-2").metrics ?? {})).toEqual([]);
    expect(
      droppedCounters(
        { revocations_active: 9, tamper_checked_total: 5 },
        { revocations_active: 0, tamper_checked_total: 0 },
      ),
    ).toEqual([]);
    expect(droppedCounters({ requests_total: 3 }, { other: 1 })).toEqual([]);
  });

  it("reads answers that are not what a service should send without taking them for health", () => {
    const odd = readReplica("gateway", {
      health: { status: 200, body: "" },
      ready: { status: 502, body: "" },
      metrics: { status: 200, body: "<html>" },
    });
    expect(odd).toMatchObject({ ready: false, readyReason: "answered 502", metricsStatus: "failed", metrics: null });
  });
});
