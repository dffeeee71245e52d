import { consoleSource, type Facts, type Finding } from "@/server/detection/facts";

/** What somebody declared because no probe sees it; stays until somebody clears it with a reason. */
export function declaredByHand(facts: Facts): readonly Finding[] {
  return facts.declared.map((signal) => ({
    key: `declared:${signal.id}`,
    rule: "declared-by-hand",
    severity: signal.severity,
    source: consoleSource,
    sentence: signal.sentence,
    meaning: `Declared by ${signal.declaredBy}${signal.zoneId === null ? "" : ` for zone ${signal.zoneId}`}: no probe sees this. Clear it with a reason once it is over.`,
    since: signal.at,
    figures: [],
    action: null,
    declaredBy: signal.declaredBy,
  }));
}
