import { z } from "zod";
import { oneLine } from "@/server/notifications/message";
import { exactInstant } from "@/server/platform/exact-time";
import { type Severity, severities } from "@/server/platform/severity";

/** The body may be this long, and hold this many alerts. */
export const mostAlertBytes = 1_048_576;
const mostAlerts = 500;

const texts = z
  .record(z.string().max(200), z.string().max(10_000))
  .refine((record) => Object.keys(record).length <= 100, "holds more than 100 names");
const instant = z.string().refine((text) => exactInstant(text) !== null, "is no instant");

/** Version 4 of what Alertmanager posts to a webhook receiver; what else it holds is not looked at. */
export const alertmanagerPayload = z.object({
  version: z.literal("4"),
  alerts: z
    .array(
      z.object({
        status: z.enum(["firing", "resolved"]),
        labels: texts,
        annotations: texts.default({}),
        startsAt: instant,
        fingerprint: z.string().regex(/^[0-9a-f]{1,64}$/, "must be hex"),
      }),
    )
    .max(mostAlerts),
});
type Alert = z.output<typeof alertmanagerPayload>["alerts"][number];

/** One alert as the console keeps it. */
export type ForeignSignal = {
  readonly key: string;
  readonly firing: boolean;
  readonly severity: Severity;
  readonly sentence: string;
  readonly zoneId: string | null;
  readonly startsAt: string;
};

const bySeverityLabel: Readonly<Record<string, Severity>> = {
  critical: "P2",
  page: "P2",
  error: "P3",
  warning: "P3",
  info: "P4",
  none: "P4",
};
/** Labels that the sentence says in other words. */
const saidOtherwise = new Set(["alertname", "severity", "caracal_severity"]);

/** `caracal_severity` (P1 to P4) says it outright; else by `severity`: critical is P2, since P1 is for the console's own rules. */
export function severityOf(labels: Readonly<Record<string, string>>): Severity {
  const own = severities.find((one) => one === labels.caracal_severity?.toUpperCase());
  return own ?? bySeverityLabel[labels.severity?.toLowerCase() ?? ""] ?? "P3";
}

/** The alert in one line of plain text: name, summary, and the labels that tell it from its neighbours. */
function sentenceOf({ labels, annotations }: Alert): string {
  const name = labels.alertname ?? "An alert without a name";
  const said = annotations.summary ?? annotations.description;
  const rest = Object.entries(labels)
    .filter(([label]) => !saidOtherwise.has(label))
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .slice(0, 6)
    .map(([label, value]) => `${label}=${value.slice(0, 60)}`);
  return oneLine(`${name}${said ? `: ${said}` : ""}${rest.length > 0 ? ` (${rest.join(", ")})` : ""}`);
}

function signalOf(alert: Alert): ForeignSignal {
  const zone = alert.labels.zone_id ?? "";
  return {
    key: alert.fingerprint,
    firing: alert.status === "firing",
    severity: severityOf(alert.labels),
    sentence: sentenceOf(alert),
    zoneId: /^[\x21-\x7e]{1,200}$/.test(zone) ? zone : null,
    startsAt: exactInstant(alert.startsAt) ?? alert.startsAt,
  };
}

/** The payload's alerts, each fingerprint once (its last word counts), in the order of their keys. */
export function signalsOf(payload: z.output<typeof alertmanagerPayload>): readonly ForeignSignal[] {
  const byKey = new Map(payload.alerts.map((alert) => [alert.fingerprint, signalOf(alert)]));
  return [...byKey.values()].sort((left, right) => (left.key < right.key ? -1 : 1));
}
