import type { Facts, Finding } from "@/server/detection/facts";
import type { ReplicaState } from "@/server/live/snapshot";
import { counted, outagePlaybook } from "@/server/detection/words";

const stss = (facts: Facts): readonly ReplicaState[] => facts.replicas.filter(({ kind }) => kind === "sts");

/** STS could neither publish nor spool some audit events: they are gone (P2). */
export function auditDropped(facts: Facts): readonly Finding[] {
  return stss(facts).flatMap((replica): Finding[] => {
    const dropped = replica.metrics["sts.audit_dropped"] ?? replica.metrics.audit_dropped ?? 0;
    if (dropped <= 0) return [];
    return [
      {
        key: `audit-dropped:${replica.id}`,
        rule: "audit-dropped",
        severity: "P2",
        source: replica.id,
        sentence: `${replica.id} dropped ${counted(dropped, "audit event")} since it started`,
        meaning:
          "Those events are in no stream and no table. Write down the count and the time now: a restart sets it back to 0.",
        figures: [{ name: "audit_dropped", value: dropped, source: `${replica.id} /metrics` }],
        series: `replica:${replica.id}:sts.audit_dropped`,
        action: outagePlaybook("sts"),
      },
    ];
  });
}

/** Events wait in an STS's spool although Redis is up: it drains only at start (P2, trap 17). */
export function auditSpool(facts: Facts): readonly Finding[] {
  if (!facts.redisOk) return [];
  return stss(facts).flatMap((replica): Finding[] => {
    const waiting = replica.metrics["sts.audit_replay_pending"] ?? 0;
    if (waiting <= 0 || !replica.ready) return [];
    return [
      {
        key: `audit-spool:${replica.id}`,
        rule: "audit-spool",
        severity: "P2",
        source: replica.id,
        sentence: `${counted(waiting, "audit event")} ${waiting === 1 ? "waits" : "wait"} in ${replica.id}'s spool although Redis is up`,
        meaning: `The spool drains only when that STS starts. Restart it, do not recreate it: a new container loses the files. Done when its audit_replay_replayed is at least ${waiting} afterwards.`,
        figures: [{ name: "audit_replay_pending", value: waiting, source: `${replica.id} /metrics` }],
        series: `replica:${replica.id}:sts.audit_replay_pending`,
        action: outagePlaybook("sts"),
      },
    ];
  });
}
