import { isDeadLetterStream, revocationStream } from "@/server/caracal/streams/expected-streams";
import { deafGroups } from "@/server/detection/deaf-consumer";
import { redisSource, type Facts, type Finding } from "@/server/detection/facts";
import { counted, spell, streamPage } from "@/server/detection/words";

const oldMs = 60_000;

/** A group that was reading and is behind, or holds entries unconfirmed for over a minute (P3). Revocations have their own rule. */
export function pelLag(facts: Facts): readonly Finding[] {
  const deaf = new Set(deafGroups(facts).map(({ group }) => `${group.stream}\n${group.group}`));
  const poisoned = (stream: string, group: string) =>
    facts.poison.filter((entry) => entry.stream === stream && entry.group === group).length;
  return facts.streams.flatMap((stream) =>
    stream.groups.flatMap((group): Finding[] => {
      if (deaf.has(`${stream.name}\n${group.group}`)) return [];
      const base = {
        rule: "pel-lag",
        severity: "P3",
        source: redisSource,
        settleMs: 3_000,
        action: { label: "See how far it has read", href: streamPage(stream.name) },
      } as const;
      const found: Finding[] = [];
      const unread = group.unread ?? group.lag;
      if (group.verdict === "behind" && stream.name !== revocationStream && !isDeadLetterStream(stream.name))
        found.push({
          ...base,
          key: `behind:${stream.name}:${group.group}`,
          holdMs: 10_000,
          sentence: `${group.group} has ${unread === null ? "an unknown number of" : unread.toLocaleString("en-US")} unread in ${stream.name}`,
          meaning:
            "Its service reads slower than events arrive, or has stopped. Nothing is lost while the stream stays below its bound.",
          series: `group:${stream.name}:${group.group}:unread`,
          figures: [{ name: "unread", value: unread ?? "unknown", source: `XINFO GROUPS ${stream.name}` }],
        });
      const idle = group.oldestPendingIdleMs ?? 0;
      if (group.pending > poisoned(stream.name, group.group) && idle > oldMs)
        found.push({
          ...base,
          key: `pending:${stream.name}:${group.group}`,
          sentence: `${group.group} has ${counted(group.pending, "entry", "entries")} delivered but not confirmed in ${stream.name}, the oldest for ${spell(idle)}`,
          meaning:
            "A consumer took them and has not finished. Audit claims them after 30 s; STS and gateway only when they start.",
          series: `group:${stream.name}:${group.group}:pending`,
          figures: [
            { name: "pending", value: group.pending, source: `XINFO GROUPS ${stream.name}` },
            {
              name: "oldest",
              value: Math.round(idle / 1_000),
              unit: "s",
              source: `XPENDING ${stream.name} ${group.group}`,
            },
          ],
        });
      return found;
    }),
  );
}
