import { describe, expect, it } from "vitest";
import { createHistory } from "@/server/live/history";
import { facts, group, now, replica, stream } from "./a-deployment.test-data";
import type { Facts } from "./facts";
import { rules } from "./rules";

const found = (given: Facts) =>
  rules.flatMap((rule) => rule(given)).map(({ severity, rule, key }) => `${severity} ${rule} ${key}`);

describe("rules", () => {
  it("preserved evidence that is not what it was is a P1 each, with what is known of it", () => {
    const evidence = [
      { itemId: "item-1", preservedAt: now - 60_000, changed: 1, missing: 2, at: now - 5_000, store: "folder" },
    ];
    expect(found(facts({ evidence }))).toEqual(["P1 changed-evidence changed-evidence:item-1"]);
    const [finding] = rules.flatMap((rule) => rule(facts({ evidence })));
    expect(finding?.sentence).toContain("1 file changed, 2 files gone");
    expect(finding).toMatchObject({ since: now - 5_000, action: { href: "/evidence/items/item-1" } });
  });

  it("say nothing when nothing is known or wrong", () => {
    expect(found(facts())).toEqual([]);
    expect(found(facts({ streams: [stream([group({})])], replicas: [replica("sts-1"), replica("audit-1")] }))).toEqual(
      [],
    );
  });

  it("tell a deaf consumer from a service that is down", () => {
    const behind = [stream([group({ verdict: "behind", unread: 212 })])];
    const still = { streams: behind, stillSince: () => now - 60_000 };
    expect(found(facts({ ...still, replicas: [replica("gateway-1")] }))).toEqual([
      "P2 deaf-consumer deaf:caracal.sessions.revoke:gateway-revocation",
    ]);
    const down = replica("gateway-1", { ready: false, readyReason: "redis unreachable" });
    expect(found(facts({ ...still, replicas: [down] }))).toEqual([
      "P2 service-not-ready not-ready:gateway-1",
      "P2 revocation-backlog revocation-backlog:gateway-revocation",
    ]);
  });

  it("take all seals failing for another key, some for an attack, and mismatches for noise", () => {
    const audit = (metrics: Record<string, number>) => found(facts({ replicas: [replica("audit-1", { metrics })] }));
    expect(audit({ tamper_hmac_failures: 9, tamper_checked_total: 9 })).toEqual(["P2 key-drift seal-failures:audit-1"]);
    expect(audit({ tamper_hmac_failures: 1, tamper_checked_total: 9 })).toEqual([
      "P1 seal-failure seal-failures:audit-1",
    ]);
    const [noise] = rules.flatMap((rule) =>
      rule(
        facts({ replicas: [replica("audit-1", { metrics: { tamper_mismatch_total: 9, tamper_checked_total: 9 } })] }),
      ),
    );
    expect(noise?.noise).toContain("clean rows count as mismatches too");
  });

  it("call the sweep's mismatches P4 once the console's own check found every zone whole, and only then", () => {
    const counting = { replicas: [replica("audit-1", { metrics: { tamper_mismatch_total: 9 } })] };
    const of = (chains: Facts["chains"]) =>
      rules.flatMap((rule) => rule(facts({ ...counting, chains }))).find(({ rule }) => rule === "hash-mismatch");
    expect(of({ zones: [], whole: null })?.severity).toBe("P2");
    const proved = of({ zones: [], whole: { at: now, rows: 647, proved: 647 } });
    expect(proved?.severity).toBe("P4");
    expect(proved?.noise).toContain("647 of 647 rows proved");
  });

  it("grade what the console's check proved: changed rows P2, removed or rewritten ones P1, another key no attack", () => {
    const zone = { checkId: "c", zoneId: "z", zone: "pay", at: now, foreignKey: false, firstSeq: 1_280 };
    const of = (over: { changed?: number; removed?: number; rewritten?: number }) => {
      const zones = [{ ...zone, changed: 0, removed: 0, rewritten: 0, ...over }];
      return rules
        .flatMap((rule) => rule(facts({ chains: { zones, whole: null } })))
        .map(({ severity, rule, sentence }) => `${severity} ${rule} ${sentence}`);
    };
    expect(of({ changed: 2 })).toEqual([
      "P2 chain-not-whole Audit chain of zone pay is not whole: 2 rows changed, first at seq 1,280",
    ]);
    expect(of({ changed: 1, removed: 1 })).toEqual([
      "P1 chain-not-whole Audit chain of zone pay is not whole: 1 row removed, 1 row changed, first at seq 1,280",
    ]);
    expect(of({ rewritten: 1 })[0]).toMatch(/^P1 /);
    const drifted = { ...zone, changed: 0, removed: 0, rewritten: 0, foreignKey: true };
    const zones = [drifted, { ...drifted, zoneId: "y", zone: "two" }];
    expect(
      rules.flatMap((rule) => rule(facts({ chains: { zones, whole: null } }))).map(({ sentence }) => sentence),
    ).toEqual(["Every seal fails under the console's AUDIT_HMAC_KEY, in 2 zones"]);
  });

  it("take a change of exchange errors for a signal, a high share for none", () => {
    const rising = (perMinute: (minute: number) => number) => {
      const history = createHistory();
      let errors = 0;
      for (let minute = 0; minute <= 15; minute++) {
        errors += perMinute(minute);
        const at = now - (15 - minute) * 60_000;
        history.push(
          at,
          new Map([
            ["replica:gateway-1:sts_exchange_errors", errors],
            ["replica:gateway-1:requests_total", minute * 20],
          ]),
        );
      }
      return found(facts({ history, replicas: [replica("gateway-1")] }));
    };
    expect(rising(() => 20)).toEqual([]);
    expect(rising((minute) => (minute > 13 ? 18 : 1))).toEqual(["P2 exchange-errors exchange-errors:gateway-1"]);
  });

  it("name drift, loss, spool, drop, export, restart and the wrong KEK", () => {
    const all = found(
      facts({
        evictionPolicy: "allkeys-lru",
        exportedHour: now - 4 * 3_600_000,
        streams: [
          stream([group({ lost: true, lostCount: 80, verdict: "lost" })], {
            length: 10_001,
            missingGroups: ["sts-revocation"],
          }),
        ],
        replicas: [
          replica("sts-1", {
            metrics: { "sts.audit_dropped": 3, "sts.audit_replay_pending": 6 },
            restarts: 1,
            restartedAt: now - 1_000,
          }),
        ],
        jwks: [
          {
            replica: "sts-1",
            zoneId: "z",
            zoneName: "pay",
            expected: ["a"],
            served: null,
            reason: "500",
            verdict: "differs",
          },
        ],
      }),
    );
    expect(all.sort()).toEqual([
      "P1 jwks-differs jwks:sts-1",
      "P2 audit-dropped audit-dropped:sts-1",
      "P2 audit-spool audit-spool:sts-1",
      "P2 lost-entries lost:caracal.sessions.revoke:gateway-revocation",
      "P3 export-behind export-behind",
      "P3 restart restart:sts-1",
      "P4 eviction-policy eviction-policy",
      "P4 missing-group missing-group:caracal.sessions.revoke:sts-revocation",
      "P4 stream-over-bound over-bound:caracal.sessions.revoke",
    ]);
  });

  it("tells rows of the outboxes that wait for long, fail again and again, or were given up on", () => {
    const outbox = {
      waiting: 5,
      revocationsWaiting: 0,
      oldestRevocationAt: null,
      parked: 0,
      capped: false,
      failing: 2,
      mostAttempts: 3,
      streams: [
        { stream: "caracal.policy.invalidate", waiting: 4, oldestAt: now - 61_000 },
        { stream: "caracal.keys.invalidate", waiting: 1, oldestAt: now - 59_000 },
        { stream: "caracal.sessions.revoke", waiting: 1, oldestAt: now - 61_000 },
      ],
    };
    const found = (over: Partial<Facts>) =>
      rules
        .flatMap((rule) => rule(facts(over)))
        .filter(({ rule }) => rule.includes("outbox"))
        .map(({ key, severity }) => [key, severity]);
    expect(found({ outbox })).toEqual([
      ["outbox-waiting:caracal.policy.invalidate", "P3"],
      ["outbox-failing", "P3"],
    ]);
    expect(found({ outbox: { ...outbox, streams: [], mostAttempts: 2 } })).toEqual([]);
    const coordinators = [replica("coordinator-1", { metrics: { "outbox.dead": 2 } }), replica("coordinator-2")];
    expect(found({ replicas: coordinators })).toEqual([["coordinator-outbox-dead", "P3"]]);

    const topic = (name: string, oldestAt: number, failing = 0, mostAttempts = 0) => ({
      topic: name,
      waiting: 4,
      oldestAt,
      failing,
      mostAttempts,
    });
    const coordinatorOutbox = {
      topics: [
        topic("caracal.agents.lifecycle", now - 61_000, 1, 3),
        topic("caracal.delegations.invalidate", now - 59_000, 2, 1),
        topic("caracal.sessions.revoke", now - 61_000),
      ],
      dead: 3,
      capped: true,
    };
    expect(found({ coordinatorOutbox })).toEqual([
      ["coordinator-outbox-waiting:caracal.agents.lifecycle", "P3"],
      ["coordinator-outbox-waiting:caracal.sessions.revoke", "P2"],
      ["coordinator-outbox-failing", "P3"],
      ["coordinator-outbox-dead", "P3"], // no coordinator has an address: its table is what tells
    ]);
    const sentences = rules.flatMap((rule) => rule(facts({ coordinatorOutbox }))).map(({ sentence }) => sentence);
    expect(sentences.filter((one) => one.startsWith("At least 4 messages of the coordinator"))).toHaveLength(2);
    expect(sentences).toContain("3 rows of the coordinator's outbox failing to be published, the worst tried 3 times");
    expect(found({ coordinatorOutbox: { topics: [], dead: 3, capped: false }, replicas: coordinators })).toEqual([
      ["coordinator-outbox-dead", "P3"],
    ]);
  });
});
