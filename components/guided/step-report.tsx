import { ScopePanel } from "@/components/guided/scope-panel";
import { VerdictFacts } from "@/components/guided/verdict";
import type { GuidedStep } from "@/server/playbooks/guided/schemas";

/** The figures of a step: as they are now, or as they were kept when it was settled. */
export function StepReport({ step: { report, reportUnknown } }: { step: GuidedStep }) {
  if (reportUnknown !== null)
    return <p className="font-medium">The figures cannot be read just now: {reportUnknown}</p>;
  if (report === null) return null;
  if (report.kind === "scope") return <ScopePanel report={report} />;
  if (report.kind === "position")
    return (
      <p className="text-muted-foreground" data-report="position">
        Newest id of {report.stream}: <span className="font-mono text-foreground">{report.lastId}</span>
      </p>
    );
  return (
    <div className="rounded-md border bg-background p-3" data-report={report.kind}>
      {report.kind === "proposal" ? (
        <>
          <p className="pb-2 text-muted-foreground">What the findings speak for</p>
          <VerdictFacts verdict={report.proposed} because={report.because} />
        </>
      ) : (
        <VerdictFacts verdict={report.given} />
      )}
    </div>
  );
}
