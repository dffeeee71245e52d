import { Check, Circle, CircleDot } from "lucide-react";
import type { FreezeStep } from "@/components/brakes/freeze-model";
import { TimeStamp } from "@/components/lib/time-stamp";

const marks = {
  done: { icon: Check, words: "done", look: "text-ok" },
  current: { icon: CircleDot, words: "at work", look: "text-accent" },
  todo: { icon: Circle, words: "not yet", look: "text-muted-foreground" },
} as const;

/** Where a freeze is: asked for, bindings taken, proved on every STS, frozen; and back again once it is thawed. */
export function FreezeSteps({ steps }: { steps: readonly FreezeStep[] }) {
  return (
    <ol aria-label="Steps" className="flex flex-col gap-2 px-3 py-3">
      {steps.map((step, index) => {
        const mark = marks[step.mark];
        return (
          <li
            key={step.label}
            aria-current={step.mark === "current" ? "step" : undefined}
            className="grid grid-cols-[1rem_1fr] gap-x-2"
          >
            <mark.icon aria-hidden className={`mt-0.5 size-4 ${mark.look}`} />
            <div>
              <p className={step.mark === "todo" ? "text-muted-foreground" : "font-medium"}>
                {index + 1} {step.label}
                <span className="sr-only"> ({mark.words})</span>
              </p>
              {step.at === null ? null : <TimeStamp at={step.at} className="text-xs" />}
              {step.note === null ? null : <p className="text-xs text-muted-foreground">{step.note}</p>}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
