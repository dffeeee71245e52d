import { type Facts, type Finding, postgresSource } from "@/server/detection/facts";
import { counted } from "@/server/detection/words";

const tries = 3; // a row is tried again within seconds; the third failure is no hiccup

/** Rows of either outbox that fail again and again (P3): in the end they are given up on. */
export function outboxFailing({ outbox, coordinatorOutbox }: Facts): readonly Finding[] {
  const topics = coordinatorOutbox?.topics ?? [];
  return [
    ...finding("event_outbox", outbox?.failing ?? 0, outbox?.mostAttempts ?? 0),
    ...finding(
      "caracal_outbox",
      topics.reduce((sum, { failing }) => sum + failing, 0),
      Math.max(0, ...topics.map(({ mostAttempts }) => mostAttempts)),
    ),
  ];
}

const of = {
  event_outbox: {
    key: "outbox-failing",
    one: "outbox row",
    many: "outbox rows",
    meaning:
      "After 100 attempts a row is parked and never published by itself. Read its last error and mend the cause before that.",
  },
  caracal_outbox: {
    key: "coordinator-outbox-failing",
    one: "row of the coordinator's outbox",
    many: "rows of the coordinator's outbox",
    meaning:
      "In the end the coordinator gives up on them. It keeps no error with the row: read its logs, and mend the cause before that.",
  },
} as const;

function finding(outbox: keyof typeof of, failing: number, mostAttempts: number): readonly Finding[] {
  if (failing === 0 || mostAttempts < tries) return [];
  const { key, one, many, meaning } = of[outbox];
  return [
    {
      key,
      rule: "outbox-failing",
      severity: "P3",
      source: postgresSource,
      settleMs: 6_000, // the coordinator's is looked at every five seconds
      sentence: `${counted(failing, one, many)} failing to be published, the worst tried ${mostAttempts} times`,
      meaning,
      figures: [
        { name: "failing", value: failing, source: outbox },
        { name: "most attempts", value: mostAttempts, source: outbox },
      ],
      action: { label: "See the outbox", href: `/streams/outbox?outbox=${outbox}&state=failing` },
    },
  ];
}
