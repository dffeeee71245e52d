import { redisSource, type Facts, type Finding } from "@/server/detection/facts";
import { spell, streamPage } from "@/server/detection/words";

/** Pending entries that waiting does not cure, one row each with group and reason (P3). */
export function poisonEntries(facts: Facts): readonly Finding[] {
  return facts.poison.map((entry) => ({
    key: `poison:${entry.stream}:${entry.group}:${entry.id}`,
    rule: "poison-entry",
    severity: "P3",
    source: redisSource,
    settleMs: 3_000,
    since: facts.now - entry.idleMs,
    sentence: `Entry ${entry.id} in ${entry.stream} is stuck in ${entry.group} for ${spell(entry.idleMs)}: ${entry.reason}`,
    meaning: `${entry.consumer} was given it ${entry.deliveries === 1 ? "once" : `${entry.deliveries} times`} and could not apply it. Read the entry; if it was a real revocation, do it properly. It blocks nothing behind it.`,
    figures: [
      {
        name: "idle",
        value: Math.round(entry.idleMs / 1_000),
        unit: "s",
        source: `XPENDING ${entry.stream} ${entry.group}`,
      },
      { name: "deliveries", value: entry.deliveries, source: `XPENDING ${entry.stream} ${entry.group}` },
    ],
    series: `group:${entry.stream}:${entry.group}:pending`,
    action: { label: "Read the pending entries", href: streamPage(entry.stream) },
  }));
}
