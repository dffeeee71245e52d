import { Fact, Facts } from "@/components/wizard/facts";
import type { PlanLine } from "@/components/wizard/act-plan";

/** What will happen, to how many, whether it can be undone, who must agree, which lane: before an act, never after. */
export function PlanList({ lines }: { lines: readonly PlanLine[] }) {
  return (
    <Facts>
      {lines.map((line) => (
        <Fact key={line.question} name={line.question}>
          {line.answer}
        </Fact>
      ))}
    </Facts>
  );
}
