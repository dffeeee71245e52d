import { postgresSource, type Facts, type Finding } from "@/server/detection/facts";
import { utc } from "@/server/detection/words";

const dayMs = 24 * 3_600_000;

/** The newest row of audit_ingest_alerts: an event came again with other content (P2; P4 when it was there before and is over a day old). */
export function ingestAlert(facts: Facts): readonly Finding[] {
  const { alert } = facts;
  if (alert === null) return [];
  const old = facts.now - alert.at > dayMs && alert.at < facts.startedAt;
  return [
    {
      key: `ingest-alert:${alert.id}`,
      rule: "ingest-alert",
      severity: old ? "P4" : "P2",
      source: postgresSource,
      since: Math.min(alert.at, facts.now),
      sentence: `Audit ingestion raised alert ${alert.id}, ${alert.kind}, for event ${alert.eventId} at ${utc(alert.at)}`,
      meaning:
        "The same event came a second time with other content: somebody replayed a changed copy, or two producers share an id. The stored row was left as it is; the other copy is in the dead letters as tamper_on_replay.",
      figures: [
        { name: "event", value: alert.eventId, source: "audit_ingest_alerts" },
        { name: "zone", value: alert.zoneId, source: "audit_ingest_alerts" },
      ],
      action: { label: "Open the event", href: `/audit?event=${encodeURIComponent(alert.eventId)}` },
    },
  ];
}
