import { type ChainTroubles, consoleSource, type Facts, type Finding } from "@/server/detection/facts";
import { counted, utc } from "@/server/detection/words";

type Zone = ChainTroubles["zones"][number];

const forgery = "Rows were rewritten with hashes that fit, moved, or put beside others.";
const keep = "Touch nothing in audit_events and keep the stream: it still holds the signed originals.";

const onlyDrift = ({ changed, removed, rewritten, foreignKey }: Zone) =>
  foreignKey && changed + removed + rewritten === 0;

/** What is proved of one zone's chain: removed or rewritten rows are a P1, changed ones a P2. */
export function troubleWords({ zone, changed, removed, rewritten, foreignKey, firstSeq }: Zone): {
  readonly severity: "P1" | "P2";
  readonly sentence: string;
} {
  const parts = [
    removed === 0 ? null : `${counted(removed, "row")} removed`,
    rewritten === 0 ? null : `${counted(rewritten, "row")} rewritten or moved`,
    changed === 0 ? null : `${counted(changed, "row")} changed`,
    foreignKey ? "every seal fails under the console's AUDIT_HMAC_KEY" : null,
  ].filter((part) => part !== null);
  const first = firstSeq === null ? "" : `, first at seq ${firstSeq.toLocaleString("en-US")}`;
  return {
    severity: removed + rewritten > 0 ? "P1" : "P2",
    sentence: `Audit chain of zone ${zone} is not whole: ${parts.join(", ")}${first}`,
  };
}

/** Every seal failing most likely has one cause, the console's key (trap 18), in however many zones: one signal. */
function keyDrift(zones: readonly Zone[]): readonly Finding[] {
  const [first] = zones;
  if (first === undefined) return [];
  return [
    {
      key: "console-key-drift",
      rule: "key-drift",
      severity: "P2",
      source: consoleSource,
      since: first.at,
      sentence: `Every seal fails under the console's AUDIT_HMAC_KEY, in ${counted(zones.length, "zone")}`,
      meaning:
        "All rows at once most likely means another key: compare it with the one that audit runs with, and check again. Is it the same one, then somebody overwrote every seal. Until that is settled neither seals nor the stream's signatures are heard.",
      figures: [{ name: "zones", value: zones.length, source: "audit-chain check" }],
      action: { label: "Open the check", href: `/audit/checks/${first.checkId}` },
    },
  ];
}

/** What the console's own checks proved of the audit chains. */
export function chainNotWhole({ chains }: Pick<Facts, "chains">): readonly Finding[] {
  return [
    ...keyDrift(chains.zones.filter(onlyDrift)),
    ...chains.zones
      .filter((zone) => !onlyDrift(zone))
      .map((zone) => ({
        ...troubleWords(zone),
        key: `chain-not-whole:${zone.zoneId}`,
        rule: "chain-not-whole",
        source: consoleSource,
        since: zone.at,
        meaning: `Proved by the console's check of ${utc(zone.at)}, which recovers the original bytes. ${zone.rewritten > 0 ? `${forgery} ` : ""}${keep}`,
        figures: [
          { name: "rows removed", value: zone.removed, source: "audit-chain check" },
          { name: "rows rewritten or moved", value: zone.rewritten, source: "audit-chain check" },
          { name: "rows changed", value: zone.changed, source: "audit-chain check" },
        ],
        action: {
          label: "Tamper playbook",
          href: `/playbooks/guided/new?playbook=audit-tampering&zone=${encodeURIComponent(zone.zoneId)}`,
        },
      })),
  ];
}
