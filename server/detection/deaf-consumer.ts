import { readerOf } from "@/server/caracal/streams/expected-streams";
import { redisSource, type Facts, type Finding } from "@/server/detection/facts";
import type { GroupState, ReplicaState } from "@/server/live/snapshot";
import { spell, streamPage } from "@/server/detection/words";

const deafAfterMs = 15_000;

/** Groups with unread entries that have not moved for a while although replicas of their service say ready. */
export function deafGroups(
  facts: Facts,
): readonly { readonly group: GroupState; readonly ready: readonly ReplicaState[]; readonly since: number }[] {
  return facts.streams.flatMap((stream) =>
    stream.groups.flatMap((group) => {
      const kind = readerOf(group.group);
      const since = facts.stillSince(stream.name, group.group);
      if (kind === null || since === null || facts.now - since < deafAfterMs) return [];
      if (group.verdict !== "behind" && group.verdict !== "lost") return [];
      const ready = facts.replicas.filter((replica) => replica.kind === kind && replica.ready);
      return ready.length === 0 ? [] : [{ group, ready, since }];
    }),
  );
}

/** A replica that is ready while its group falls behind: it was started while Redis was away, or its group was destroyed (contract section 1). P2. */
export function deafConsumer(facts: Facts): readonly Finding[] {
  return deafGroups(facts).map(({ group, ready, since }) => ({
    key: `deaf:${group.stream}:${group.group}`,
    rule: "deaf-consumer",
    severity: "P2",
    source: redisSource,
    settleMs: 3_000,
    since,
    sentence: `${ready.map(({ id }) => id).join(" and ")} ${ready.length === 1 ? "says" : "say"} ready, yet ${group.group} has not read for ${spell(facts.now - since)}: ${group.unread ?? "some"} unread`,
    meaning: `A service started while Redis was away never starts its consumers, and says ready all the same. Restart ${ready.length === 1 ? "it" : "them one by one"}; unread entries stay in ${group.stream} until then.`,
    figures: [
      { name: "unread", value: group.unread ?? "unknown", source: `XINFO GROUPS ${group.stream}` },
      { name: "last delivered", value: group.lastDeliveredId, source: `XINFO GROUPS ${group.stream}` },
    ],
    series: `group:${group.stream}:${group.group}:unread`,
    action: { label: "See how far it has read", href: streamPage(group.stream) },
  }));
}
