import { revocationStream } from "@/server/caracal/streams/expected-streams";
import { type Facts, type Finding, postgresSource } from "@/server/detection/facts";
import { counted, spell } from "@/server/detection/words";

const oldMs = 60_000;
const page = (outbox: string) => ({
  label: "See the outbox",
  href: `/streams/outbox?outbox=${outbox}&state=waiting`,
});

/** Rows of either outbox that wait for long: P3, and P2 for the coordinator's revocations; those of the API have their own rule. */
export function outboxAge(facts: Facts): readonly Finding[] {
  return [...ofTheApi(facts), ...ofTheCoordinator(facts)];
}

function ofTheApi({ outbox, now }: Facts): readonly Finding[] {
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
        action: page("event_outbox"),
      }),
    );
}

function ofTheCoordinator({ coordinatorOutbox, now }: Facts): readonly Finding[] {
  if (coordinatorOutbox === null) return [];
  return coordinatorOutbox.topics
    .filter(({ oldestAt }) => now - oldestAt > oldMs)
    .map(
      ({ topic, waiting, oldestAt }): Finding => ({
        key: `coordinator-outbox-waiting:${topic}`,
        rule: "outbox-waiting",
        severity: topic === revocationStream ? "P2" : "P3",
        source: postgresSource,
        settleMs: 6_000, // it is looked at every five seconds
        since: oldestAt,
        sentence: `${coordinatorOutbox.capped ? "At least " : ""}${counted(waiting, "message")} of the coordinator for ${topic} written but not published, the oldest ${spell(now - oldestAt)} ago`,
        meaning:
          "What they say of agents, delegations or sessions has not reached anybody. The coordinator publishes them: it exits when its Postgres connections are cut, so see whether it runs and reaches Redis.",
        figures: [{ name: "not published", value: waiting, source: "caracal_outbox" }],
        action: page("caracal_outbox"),
      }),
    );
}
