import { redisSource, type Facts, type Finding } from "@/server/detection/facts";
import { counted, streamPage } from "@/server/detection/words";

const dayMs = 24 * 3_600_000;

/**
 * Mandates that were presented again, as the gateways report them among the dead letters (trap 11): a signal of its own, apart from
 * the faults there. P2, P4 a day after the newest.
 */
export function replayedMandates(facts: Facts): readonly Finding[] {
  return facts.deadLetters.filter(({ replays }) => replays.length > 0).map((sample) => finding(sample, facts.now));
}

function finding({ stream, replays, searched, length }: Facts["deadLetters"][number], now: number): Finding {
  const newestAt = Math.max(...replays.map(({ at }) => at));
  const byMandate = new Map<string, { readonly first: (typeof replays)[number]; times: number }>();
  for (const replay of replays) {
    const key = replay.jti ?? replay.requestId ?? String(replay.at);
    const known = byMandate.get(key);
    if (known === undefined) byMandate.set(key, { first: replay, times: 1 });
    else known.times += 1;
  }
  const [newest] = [...byMandate.values()];
  const more = byMandate.size - 1;
  const where =
    newest === undefined
      ? ""
      : ` at ${newest.first.resource ?? "an unknown resource"} by client ${newest.first.client ?? "unknown"}`;
  return {
    key: `replayed-mandates:${stream}`,
    rule: "replayed-mandates",
    severity: now - newestAt > dayMs ? "P4" : "P2",
    source: redisSource,
    settleMs: 10_000,
    since: Math.min(newestAt, now),
    sentence: `Mandate ${newest?.first.jti ?? "without jti"} was presented again${where}${more > 0 ? `, and ${counted(more, "other mandate")} too` : ""}`,
    meaning:
      "A gateway refused a mandate that it had seen before: a stolen copy, or a client that repeats itself. Find the session it belongs to and ask whose client that is; revoke if it is not theirs. These letters are never redriven or signed anew silently.",
    figures: [
      { name: "letters looked through", value: searched, unit: `of ${length}`, source: `XREVRANGE ${stream}` },
      ...[...byMandate].slice(0, 10).map(([key, { first, times }]) => ({
        name: `mandate ${key}`,
        value: `${times + 1} times seen, client ${first.client ?? "unknown"}, resource ${first.resource ?? "unknown"}`,
        source: `XREVRANGE ${stream}`,
      })),
    ],
    action: { label: "Read the replayed mandates", href: `${streamPage(stream)}?tab=letters&cause=replay_detected` },
  };
}
