import { revocationStream } from "@/server/caracal/streams/expected-streams";
import { postgresSource, redisSource, type Facts, type Finding } from "@/server/detection/facts";
import { deafGroups } from "@/server/detection/deaf-consumer";
import { counted, spell } from "@/server/detection/words";

const outboxGraceMs = 10_000;
const playbook = { label: "Backlog playbook", href: "/playbooks/guided/new?playbook=revocation-backlog" };

/** Revocations that are written but not out, or out but not read by a group that was reading (P2). */
export function revocationBacklog(facts: Facts): readonly Finding[] {
  const deaf = new Set(deafGroups(facts).map(({ group }) => group.group));
  const unread = (facts.streams.find(({ name }) => name === revocationStream)?.groups ?? [])
    .filter((group) => group.verdict === "behind" && !deaf.has(group.group))
    .map((group): Finding => {
      const count = group.unread ?? group.lag;
      return {
        key: `revocation-backlog:${group.group}`,
        rule: "revocation-backlog",
        severity: "P2",
        source: redisSource,
        holdMs: 5_000,
        settleMs: 3_000,
        sentence: `${group.group} has ${count === null ? "an unknown number of" : count.toLocaleString("en-US")} unread in ${revocationStream}`,
        meaning:
          "Those revocations have not reached that service: pending 0 is no proof while entries are unread. See whether its replicas run; Postgres already refuses new mandates for rows that say revoked.",
        figures: [
          { name: "unread", value: count ?? "unknown", source: `XINFO GROUPS ${revocationStream}` },
          { name: "last delivered", value: group.lastDeliveredId, source: `XINFO GROUPS ${revocationStream}` },
        ],
        series: `group:${revocationStream}:${group.group}:unread`,
        action: playbook,
      };
    });
  return [...unread, ...outboxFindings(facts)];
}

function outboxFindings(facts: Facts): readonly Finding[] {
  const { outbox, now } = facts;
  if (outbox === null) return [];
  const found: Finding[] = [];
  const oldest = outbox.oldestRevocationAt;
  if (outbox.revocationsWaiting > 0 && oldest !== null && now - oldest > outboxGraceMs)
    found.push({
      key: "revocation-backlog:outbox",
      rule: "revocation-backlog",
      severity: "P2",
      source: postgresSource,
      settleMs: 3_000,
      since: oldest,
      sentence: `${counted(outbox.revocationsWaiting, "revocation")} written but not published, the oldest ${spell(now - oldest)} ago`,
      meaning:
        "The session rows already say revoked, but no gateway or resource server has been told. The API publishes 128 events a second for everything: see whether it runs and reaches Redis.",
      figures: [{ name: "not published", value: outbox.revocationsWaiting, source: "event_outbox" }],
      series: "counts:revocationsWaiting",
      action: playbook,
    });
  if (outbox.parked > 0)
    found.push({
      key: "outbox-parked",
      rule: "revocation-backlog",
      severity: "P2",
      source: postgresSource,
      sentence: `${counted(outbox.parked, "outbox row")} parked after 100 failed attempts`,
      meaning:
        "They will never be published by themselves. Read their last error, mend the cause, then ask a second person to have them tried again.",
      figures: [{ name: "parked", value: outbox.parked, source: "event_outbox" }],
      series: "counts:outboxParked",
      action: { label: "See the outbox", href: "/streams/outbox?outbox=event_outbox&state=dead" },
    });
  return found;
}
