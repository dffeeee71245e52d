import { consoleSource, type Facts, type Finding } from "@/server/detection/facts";

/** A zone that this console froze: nothing is minted there, which is a P1 for as long as it lasts. */
export function zoneFrozen(facts: Facts): readonly Finding[] {
  return facts.frozenZones.map((zone) => ({
    key: `zone-frozen:${zone.zoneId}`,
    rule: "zone-frozen",
    severity: "P1",
    source: consoleSource,
    sentence: `Zone ${zone.zone} is ${zone.thawing ? "being thawed" : "frozen"}: nothing is minted in it`,
    meaning: `Frozen by ${zone.by}. Every application and person of the zone is without mandates until it is thawed, which any responder may do.`,
    since: zone.at,
    figures: [],
    action: { label: "Open the freeze", href: `/brakes/${zone.freezeId}` },
  }));
}
