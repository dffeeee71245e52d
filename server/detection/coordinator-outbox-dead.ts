import { type Facts, type Finding, postgresSource } from "@/server/detection/facts";
import { counted } from "@/server/detection/words";

/**
 * The coordinator has given up on messages (P3): as its own metrics tell it, which count the whole table, else as its newest rows do. One
 * signal, however many replicas count the same table.
 */
export function coordinatorOutboxDead({ replicas, coordinatorOutbox }: Facts): readonly Finding[] {
  const told = replicas
    .filter(({ kind, metrics }) => kind === "coordinator" && metrics["outbox.dead"] !== undefined)
    .map(({ id, metrics }) => ({ id, from: `${id} /metrics outbox.dead`, dead: metrics["outbox.dead"] ?? 0 }));
  const seen = { id: postgresSource, from: "caracal_outbox", dead: coordinatorOutbox?.dead ?? 0 };
  const [worst] = (told.length > 0 ? told : [seen]).sort((a, b) => b.dead - a.dead);
  if (worst === undefined || worst.dead === 0) return [];
  return [
    {
      key: "coordinator-outbox-dead",
      rule: "coordinator-outbox-dead",
      severity: "P3",
      source: worst.id,
      sentence: `The coordinator has given up on ${counted(worst.dead, "outbox row")}`,
      meaning: "They are published by nobody. Mend the cause, then ask a second person to have them tried again.",
      figures: [{ name: "dead", value: worst.dead, source: worst.from }],
      action: { label: "See the outbox", href: "/streams/outbox?outbox=caracal_outbox&state=dead" },
    },
  ];
}
