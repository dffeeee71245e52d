import { consoleSource, type Facts, type Finding } from "@/server/detection/facts";
import { counted, utc } from "@/server/detection/words";

const forgery = "Rows were rewritten with hashes that fit, moved, or put beside others";
const keep = "Touch nothing in audit_events and keep the stream: it still holds the signed originals.";

/** What the console's own check proved of a zone's audit chain: removed or rewritten rows are P1, changed ones P2, another key P2 (trap 18). */
export function chainNotWhole({ chains }: Pick<Facts, "chains">): readonly Finding[] {
  return chains.zones.map((zone) => {
    const { changed, removed, rewritten } = zone;
    const parts = [
      removed === 0 ? null : `${counted(removed, "row")} removed`,
      rewritten === 0 ? null : `${counted(rewritten, "row")} rewritten or moved`,
      changed === 0 ? null : `${counted(changed, "row")} changed`,
    ].filter((part) => part !== null);
    const drift = parts.length === 0 && zone.foreignKey;
    const broken = removed > 0 || rewritten > 0;
    const first = zone.firstSeq === null ? "" : `, first at seq ${zone.firstSeq.toLocaleString("en-US")}`;
    return {
      key: `chain-not-whole:${zone.zoneId}`,
      rule: drift ? "key-drift" : "chain-not-whole",
      severity: broken ? "P1" : "P2",
      source: consoleSource,
      since: zone.at,
      sentence: drift
        ? `Every seal of zone ${zone.zone} fails under the console's AUDIT_HMAC_KEY`
        : `Audit chain of zone ${zone.zone} is not whole: ${parts.join(", ")}${first}`,
      meaning: drift
        ? "All rows at once means another key, not an attack: give the console the key that audit runs with, and check again."
        : `Proved by the console's check of ${utc(zone.at)}, which recovers the original bytes. ${rewritten > 0 ? `${forgery}. ` : ""}${keep}`,
      figures: [
        { name: "rows removed", value: removed, source: "audit-chain check" },
        { name: "rows rewritten or moved", value: rewritten, source: "audit-chain check" },
        { name: "rows changed", value: changed, source: "audit-chain check" },
      ],
      action: { label: "Open the check", href: `/audit/checks/${zone.checkId}` },
    };
  });
}
