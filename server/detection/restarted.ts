import type { Facts, Finding } from "@/server/detection/facts";
import { spell } from "@/server/detection/words";

const shownMs = 15 * 60_000;

/** A replica that came back from nothing in the last 15 minutes: its counters fell, or it refused connections and answers again (P3, trap 15). */
export function restarted(facts: Facts): readonly Finding[] {
  return facts.replicas.flatMap((replica): Finding[] => {
    const at = replica.restartedAt;
    if (at === null || facts.now - at > shownMs) return [];
    const forgot =
      replica.kind === "gateway"
        ? " Its revocations in memory are gone: open responses of revoked sessions can run on for 60 s."
        : "";
    return [
      {
        key: `restart:${replica.id}`,
        rule: "restart",
        severity: "P3",
        source: replica.id,
        since: at,
        sentence: `${replica.id} restarted ${spell(facts.now - at)} ago${replica.restarts > 1 ? `, ${replica.restarts} times seen` : ""}`,
        meaning: `Its counters start again from 0, so compare them with nothing older.${forgot} Find out why if nobody meant it.`,
        figures: [{ name: "restarts seen", value: replica.restarts, source: `${replica.id} /metrics` }],
        action: null,
      },
    ];
  });
}
