import { revocationStream } from "@/server/caracal/streams/expected-streams";
import { streamIdTime } from "@/server/caracal/streams/stream-id";
import { redisSource, type Facts, type Finding, type SignatureCheck } from "@/server/detection/facts";
import { counted, streamPage } from "@/server/detection/words";

const dayMs = 24 * 3_600_000;

/** Stream messages whose signature does not hold: consumers that have the key acked and dropped them (trap 2). P2, P4 after a day. */
export function forgedMessages(facts: Facts): readonly Finding[] {
  return facts.signatures.filter((check) => check.kept.length > 0).map((check) => finding(check, facts.now));
}

function finding(check: SignatureCheck, now: number): Finding {
  const newest = check.kept[0];
  const at = newest === undefined ? null : streamIdTime(newest.id);
  const all = check.bad >= 5 && check.bad === check.checked;
  const count = check.kept.length;
  const what = check.stream === revocationStream ? "revocation" : "message";
  const problem = newest?.problem === "missing" ? "no _sig" : "a wrong _sig";
  const whose = newest?.sessionId ? ` for session ${newest.sessionId}` : "";
  return {
    key: `forged:${check.stream}`,
    rule: all ? "stream-key-drift" : "forged-message",
    severity: at !== null && now - at > dayMs ? "P4" : "P2",
    source: redisSource,
    ...(at === null ? {} : { since: Math.min(at, now) }),
    sentence: all
      ? `None of ${counted(check.checked, "message")} in ${check.stream} carries a signature that holds under STREAMS_HMAC_KEY: consumers that have the key drop them`
      : count === 1
        ? `Forged ${what}: entry ${newest?.id} in ${check.stream}${whose} has ${problem}, so consumers acked and dropped it`
        : `${count} forged ${what}s in ${check.stream}, the newest ${newest?.id} with ${problem}: consumers acked and dropped them`,
    meaning: all
      ? "Either the publisher or this console has another key. Until that is mended revocations look acked and change nothing: compare the key's fingerprint everywhere."
      : "Acked is not applied: pending and lag are 0 and nothing changed. Whoever added it can write to Redis but has no key, or a publisher runs with another one. Find out which, and revoke properly if it was meant.",
    figures: check.kept.slice(0, 10).map((bad) => ({
      name: bad.id,
      value: `${bad.problem}${bad.sessionId === null ? "" : `, session ${bad.sessionId}`}`,
      source: `XRANGE ${check.stream}`,
    })),
    action: { label: "Read the entries", href: streamPage(check.stream) },
  };
}
