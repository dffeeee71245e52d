import { Check, Circle, CircleDot, Minus } from "lucide-react";
import { cn } from "@/components/lib/cn";
import { utcClock } from "@/components/lib/utc";
import type { StepLine, StepMark, StepState } from "@/components/wizard/run-model";

const marks: Readonly<Record<StepMark, { icon: typeof Check; words: string; look: string }>> = {
  done: { icon: Check, words: "done", look: "text-ok" },
  current: { icon: CircleDot, words: "open now", look: "text-accent" },
  todo: { icon: Circle, words: "to come", look: "text-muted-foreground" },
  never: { icon: Minus, words: "not reached", look: "text-muted-foreground" },
};

/** The steps of a run with their times and results. Choosing one shows it; the run's own position does not change. */
export function StepsColumn({
  lines,
  shown,
  onShow,
}: {
  lines: readonly StepLine[];
  shown: StepState;
  onShow: (state: StepState) => void;
}) {
  return (
    <nav aria-label="Steps of this run">
      <ol className="flex flex-col gap-0.5">
        {lines.map((line) => {
          const { icon: Icon, words, look } = marks[line.mark];
          return (
            <li key={line.state}>
              <button
                type="button"
                aria-current={line.state === shown ? "step" : undefined}
                disabled={!line.open}
                onClick={() => onShow(line.state)}
                className={cn(
                  "grid w-full grid-cols-[1rem_1fr_auto] items-baseline gap-x-2 rounded-md px-2 py-1.5 text-left disabled:cursor-default",
                  line.state === shown ? "bg-accent-soft" : "enabled:hover:bg-muted",
                )}
              >
                <Icon aria-hidden className={cn("size-4 self-center", look)} />
                <span className={cn(line.mark === "current" && "font-semibold")}>
                  {line.number} {line.label}
                  <span className="sr-only"> ({words})</span>
                </span>
                {line.at === null ? null : (
                  <time dateTime={line.at} className="text-xs text-muted-foreground">
                    {utcClock(Date.parse(line.at))}
                  </time>
                )}
                {line.summary === null ? null : (
                  <span className="col-span-2 col-start-2 text-xs break-words text-muted-foreground">
                    {line.summary}
                  </span>
                )}
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
