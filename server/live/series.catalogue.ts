import { isCounter } from "@/server/caracal/services/restarts";

const gauges = new Set([
  "revocations_active",
  "bindings_loaded",
  "consumer_lag",
  "consumer_pel_oldest_secs",
  "sts.audit_replay_pending",
]);
/** Metrics of a replica that the collector keeps a history of. */
export const isFollowed = (name: string): boolean =>
  isCounter(name) || gauges.has(name) || name.startsWith("tamper_") || name.startsWith("outbox.");

const totals: Readonly<Record<string, string>> = {
  "dead-letters": "dead letters of all streams",
  pending: "pending entries of all groups",
  denials: "requests denied by all gateways",
  "denials-revoked": "requests denied as revoked by all gateways",
  revocations: "revocations ever published",
};
const spaced = (text: string) => text.replaceAll(/[_.]/g, " ");

/** What people call a series of the collector (server/live/series-values.ts): "pending of audit-ingestor on caracal.audit.events". */
export function seriesLabel(key: string): string {
  const [family = "", ...rest] = key.split(":");
  const last = rest.at(-1) ?? "";
  const name = rest.slice(0, -1).join(":");
  if (family === "stream")
    return `${last === "length" ? "entries" : last === "rate" ? "entries a second" : last} of ${name}`;
  if (family === "group") {
    const at = name.lastIndexOf(":");
    return `${last} of ${name.slice(at + 1)} on ${name.slice(0, at)}`;
  }
  if (family === "replica") return last === "ready" ? `${name} ready (1) or not (0)` : `${spaced(last)} of ${name}`;
  if (family === "total") return totals[last] ?? spaced(last);
  if (family === "counts") return `${spaced(last)} in Postgres`;
  return key;
}
