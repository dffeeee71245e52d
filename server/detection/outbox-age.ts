import { revocationStream } from "@/server/caracal/streams/expected-streams";
import { type Facts, type Finding, postgresSource } from "@/server/detection/facts";
import { counted, spell } from "@/server/detection/words";

const oldMs = 60_000;
const page = (outbox: string, state: string) => ({
  label: "See the outbox",
  href: `/streams/outbox?outbox=${outbox}&state=${state}`,
});

/** Rows of the API's outbox that wait for long (P3); revocations have their own rule. */
export function outboxAge({ outbox, now }: Facts): readonly Finding[] {
  if (outbox === null) return [];
  return outbox.streams
    .filter(({ stream, oldestAt }) => stream !== revocationStream && now - oldestAt > oldMs)
    .map(
      ({ stream, waiting, oldestAt }): Finding => ({
        key: `outbox-waiting:${stream}`,
        rule: "outbox-waiting",
        severity: "P3",
        source: postgresSource,
        settleMs: 3_000,
        since: oldestAt,
        sentence: `${outbox.capped ? "At least " : ""}${counted(waiting, "message")} for ${stream} written but not published, the oldest ${spell(now - oldestAt)} ago`,
        meaning:
          "What they say has not reached anybody. The API publishes 128 events a second for everything: see whether it runs, reaches Redis, and what the rows' last error is.",
        figures: [{ name: "not published", value: waiting, source: "event_outbox" }],
        action: page("event_outbox", "waiting"),
      }),
    );
}
