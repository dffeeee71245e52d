import { type GuidedReport, tookWords, verdictWords } from "@/server/playbooks/guided/reports.schemas";

/** What was kept of a step in a sentence, for the timeline; empty for nothing. */
export function wordsOfKept(kept: GuidedReport | null): string {
  if (kept === null || kept.kind === "proposal") return "";
  if (kept.kind === "position") return `${kept.stream} was at ${kept.lastId}.`;
  if (kept.kind === "scope") {
    const { affected, window, connections, writers, adminActs } = kept;
    return `${affected.count} affected rows; between ${window.from} and ${window.to}; ${writers.length} roles can write to the audit log, ${connections.reduce((sum, one) => sum + one.connections, 0)} connections, ${adminActs.acts.length}${adminActs.more ? " and more" : ""} administrators' acts in the window.`;
  }
  const { given, proposal } = kept;
  const since =
    given.notBefore === null && given.notAfter === null
      ? ""
      : `, between ${given.notBefore ?? "?"} and ${given.notAfter ?? "?"}`;
  const differs =
    proposal !== null && proposal.proposed.verdict !== given.verdict
      ? ` The findings spoke for: ${verdictWords[proposal.proposed.verdict].toLowerCase()}.`
      : "";
  return `${verdictWords[given.verdict]}, ${given.confidence}${since}; it took: ${tookWords[given.took]}.${differs}`;
}
