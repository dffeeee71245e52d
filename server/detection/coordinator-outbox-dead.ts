import type { Facts, Finding } from "@/server/detection/facts";
import { counted } from "@/server/detection/words";

/** The coordinator has given up on messages (P3), as its own metrics tell it. One signal, however many replicas count the same table. */
export function coordinatorOutboxDead({ replicas }: Facts): readonly Finding[] {
  const counts = replicas
    .filter(({ kind }) => kind === "coordinator")
    .map(({ id, metrics }) => ({ id, dead: metrics["outbox.dead"] ?? 0 }))
    .sort((a, b) => b.dead - a.dead);
  const [worst] = counts;
  if (worst === undefined || worst.dead === 0) return [];
  return [
    {
      key: "coordinator-outbox-dead",
      rule: "coordinator-outbox-dead",
      severity: "P3",
      source: worst.id,
      sentence: `The coordinator has given up on ${counted(worst.dead, "outbox row")}`,
      meaning: "They are published by nobody. Mend the cause, then ask a second person to have them tried again.",
      figures: [{ name: "dead", value: worst.dead, source: `${worst.id} /metrics outbox.dead` }],
      action: { label: "See the outbox", href: "/streams/outbox?outbox=caracal_outbox&state=dead" },
    },
  ];
}
