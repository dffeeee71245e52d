import { auditStream } from "@/server/caracal/streams/expected-streams";
import { redisSource, type Facts, type Finding } from "@/server/detection/facts";
import { counted, streamPage } from "@/server/detection/words";

/** Entries trimmed before a group read them: evidence loss, not lag (trap 14). P1 for audit events, else P2. */
export function lostEntries(facts: Facts): readonly Finding[] {
  return facts.streams.flatMap((stream) =>
    stream.groups
      .filter((group) => group.lost)
      .map((group): Finding => {
        const count = group.lostCount ?? null;
        return {
          key: `lost:${stream.name}:${group.group}`,
          rule: "lost-entries",
          severity: stream.name === auditStream && group.group === "audit-ingestor" ? "P1" : "P2",
          source: redisSource,
          sentence: `${group.group} lost ${count === null ? "entries" : counted(count, "entry", "entries")} of ${stream.name}: trimmed before it read them`,
          meaning:
            "This is evidence loss, not lag: no waiting brings them back. Stop whatever trims, write down the two ids below, and look for the lost messages where they came from.",
          figures: [
            { name: "last delivered", value: group.lastDeliveredId, source: `XINFO GROUPS ${stream.name}` },
            { name: "first still there", value: stream.firstId ?? "none", source: `XINFO STREAM ${stream.name}` },
            { name: "lost", value: count ?? "cannot be counted", source: "entries-added, entries-read" },
          ],
          action: { label: "See how far it has read", href: streamPage(stream.name) },
        };
      }),
  );
}
