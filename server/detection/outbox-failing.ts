import { type Facts, type Finding, postgresSource } from "@/server/detection/facts";
import { counted } from "@/server/detection/words";

const tries = 3; // a row is tried again within seconds; the third failure is no hiccup

/** Rows of the API's outbox that fail again and again (P3): after 100 attempts they are given up on. */
export function outboxFailing({ outbox }: Facts): readonly Finding[] {
  if (outbox === null || outbox.failing === 0 || outbox.mostAttempts < tries) return [];
  return [
    {
      key: "outbox-failing",
      rule: "outbox-failing",
      severity: "P3",
      source: postgresSource,
      settleMs: 5_000,
      sentence: `${counted(outbox.failing, "outbox row")} failing to be published, the worst tried ${outbox.mostAttempts} times`,
      meaning:
        "After 100 attempts a row is parked and never published by itself. Read its last error and mend the cause before that.",
      figures: [
        { name: "failing", value: outbox.failing, source: "event_outbox" },
        { name: "most attempts", value: outbox.mostAttempts, source: "event_outbox" },
      ],
      action: { label: "See the outbox", href: "/streams/outbox?outbox=event_outbox&state=failing" },
    },
  ];
}
