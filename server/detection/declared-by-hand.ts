import { consoleSource, type DeclaredSignal, type Facts, type Finding } from "@/server/detection/facts";

function meaningOf({ from, declaredBy, zoneId }: DeclaredSignal): string {
  const zone = zoneId === null ? "" : ` for zone ${zoneId}`;
  return from === "alertmanager"
    ? `Alertmanager fires this${zone}: look there for its numbers. It clears once the alert is resolved there.`
    : `Declared by ${declaredBy}${zone}: no probe sees this. Clear it with a reason once it is over.`;
}

/** What somebody, or Alertmanager, declared because no probe sees it; stays until it is cleared with a reason. */
export function declaredByHand(facts: Facts): readonly Finding[] {
  return facts.declared.map((signal) => ({
    key: `declared:${signal.id}`,
    rule: signal.from === "alertmanager" ? "alertmanager" : "declared-by-hand",
    severity: signal.severity,
    source: consoleSource,
    sentence: signal.sentence,
    meaning: meaningOf(signal),
    since: signal.at,
    figures: [],
    action: null,
    declaredBy: signal.declaredBy,
  }));
}
