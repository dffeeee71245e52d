import type { Facts, Finding } from "@/server/detection/facts";
import type { ReplicaState } from "@/server/live/snapshot";
import { counted, utc } from "@/server/detection/words";

const auditPage = { label: "Search audit events", href: "/audit" };
const noiseReason =
  "On this release the sweep compares nanoseconds and raw JSON with what Postgres rounded and reordered, so clean rows count as mismatches too (795 of 795 when measured). Chain breaks and seal failures are counted apart.";

const audits = (facts: Facts): readonly ReplicaState[] => facts.replicas.filter(({ kind }) => kind === "audit");
const figure = (replica: ReplicaState, name: string) => ({
  name,
  value: replica.metrics[name] ?? 0,
  source: `${replica.id} /metrics`,
});

/** Caracal's own sweep counts broken links: P1. */
export function chainBreak(facts: Facts): readonly Finding[] {
  return audits(facts).flatMap((replica): Finding[] => {
    const breaks = replica.metrics.tamper_chain_breaks ?? 0;
    if (breaks <= 0) return [];
    return [
      {
        key: `chain-break:${replica.id}`,
        rule: "chain-break",
        severity: "P1",
        source: replica.id,
        sentence: `Audit chain broken: ${counted(breaks, "broken link")} in ${replica.id}'s last sweep of ${counted(replica.metrics.tamper_checked_total ?? 0, "row")}`,
        meaning:
          "A row is missing or was changed after it was recorded, unless the break is at the oldest partition that retention left. Touch nothing in audit_events and keep the stream: it still holds the signed originals.",
        figures: [figure(replica, "tamper_chain_breaks"), figure(replica, "tamper_checked_total")],
        series: `replica:${replica.id}:tamper_chain_breaks`,
        action: auditPage,
      },
    ];
  });
}

/** Seals that do not hold: some rows means changed rows (P1), every row means a wrong AUDIT_HMAC_KEY (P2, trap 18). */
export function sealFailures(facts: Facts): readonly Finding[] {
  return audits(facts).flatMap((replica): Finding[] => {
    const failures = replica.metrics.tamper_hmac_failures ?? 0;
    const checked = replica.metrics.tamper_checked_total ?? 0;
    if (failures <= 0) return [];
    const drift = failures >= checked && checked > 1;
    return [
      {
        key: `seal-failures:${replica.id}`,
        rule: drift ? "key-drift" : "seal-failure",
        severity: drift ? "P2" : "P1",
        source: replica.id,
        sentence: drift
          ? `Every seal fails on ${replica.id}: ${counted(failures, "row")} of ${checked.toLocaleString("en-US")} checked`
          : `${counted(failures, "row")} of ${checked.toLocaleString("en-US")} checked by ${replica.id} ${failures === 1 ? "fails its" : "fail their"} seal`,
        meaning: drift
          ? "All rows at once means that this replica runs with another AUDIT_HMAC_KEY: key drift, not an attack. Give it the right key; the honest events it sent to the dead letters verify again under that key."
          : "Those rows were changed by someone without the audit key. Touch nothing in audit_events; the stream still holds the signed originals.",
        figures: [figure(replica, "tamper_hmac_failures"), figure(replica, "tamper_checked_total")],
        series: `replica:${replica.id}:tamper_hmac_failures`,
        action: auditPage,
      },
    ];
  });
}

/** Content mismatches: P2 by the page, noise by trap 8, so shown once with the reason; P4 once the console's own check proved every zone whole. */
export function hashMismatch(facts: Facts): readonly Finding[] {
  const { whole } = facts.chains;
  const proof =
    whole === null
      ? ""
      : ` The console's check of ${utc(whole.at)} recovered the original bytes and found nothing changed: ${whole.proved.toLocaleString("en-US")} of ${counted(whole.rows, "row")} proved.`;
  return audits(facts).flatMap((replica): Finding[] => {
    const mismatches = replica.metrics.tamper_mismatch_total ?? 0;
    if (mismatches <= 0) return [];
    return [
      {
        key: `mismatch:${replica.id}`,
        rule: "hash-mismatch",
        severity: whole === null ? "P2" : "P4",
        source: replica.id,
        sentence: `${replica.id} counts ${counted(mismatches, "content mismatch", "content mismatches")} in ${counted(replica.metrics.tamper_checked_total ?? 0, "row")} checked`,
        meaning:
          "Tells nothing by itself on this release. Only rows that fail a check which recovers the original bytes are suspect.",
        figures: [figure(replica, "tamper_mismatch_total"), figure(replica, "tamper_checked_total")],
        series: `replica:${replica.id}:tamper_mismatch_total`,
        action: null,
        noise: `${noiseReason}${proof}`,
      },
    ];
  });
}
