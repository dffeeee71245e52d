import { redisSource, type Facts, type Finding } from "@/server/detection/facts";
import { counted, streamPage } from "@/server/detection/words";

/** Settings that are not as the release wants them: a missing group, an eviction policy that loses entries, a stream over its bound (P4). */
export function drift(facts: Facts): readonly Finding[] {
  const base = { severity: "P4", source: redisSource, settleMs: 3_000 } as const;
  const missing = facts.streams.flatMap((stream) =>
    stream.missingGroups.map(
      (group): Finding => ({
        ...base,
        key: `missing-group:${stream.name}:${group}`,
        rule: "missing-group",
        sentence: `Group ${group} is missing on ${stream.name}`,
        meaning:
          "Nobody can read this stream for it. The service that owns it makes the group when it starts: restart it, and look at what it missed meanwhile.",
        figures: [{ name: "groups", value: stream.groups.length, source: `XINFO GROUPS ${stream.name}` }],
        action: { label: "See the stream", href: streamPage(stream.name) },
      }),
    ),
  );
  const over = facts.streams
    .filter((stream) => stream.bound !== null && stream.length > stream.bound)
    .map(
      (stream): Finding => ({
        ...base,
        key: `over-bound:${stream.name}`,
        rule: "stream-over-bound",
        sentence: `${stream.name} holds ${counted(stream.length, "entry", "entries")}, its meant bound is ${(stream.bound ?? 0).toLocaleString("en-US")}`,
        meaning: "Nothing trims it by itself. Before anyone does: every group must have read what goes, or it is lost.",
        series: `stream:${stream.name}:length`,
        figures: [{ name: "entries", value: stream.length, source: `XLEN ${stream.name}` }],
        action: { label: "See the stream", href: streamPage(stream.name) },
      }),
    );
  const policy = facts.evictionPolicy;
  if (policy === null || policy === "noeviction") return [...missing, ...over];
  return [
    ...missing,
    ...over,
    {
      ...base,
      key: "eviction-policy",
      rule: "eviction-policy",
      sentence: `Redis may evict: its policy is ${policy}, not noeviction`,
      meaning:
        "Under memory pressure Redis would drop streams or revocation keys without a trace. Set maxmemory-policy to noeviction.",
      figures: [{ name: "maxmemory-policy", value: policy, source: "INFO memory" }],
      action: null,
    },
  ];
}
