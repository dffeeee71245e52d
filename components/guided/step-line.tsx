import { Check, Circle, CircleDot, Minus, SquareCheck } from "lucide-react";
import { StepReport } from "@/components/guided/step-report";
import { CommandBlock } from "@/components/lib/command-block";
import { TimeStamp } from "@/components/lib/time-stamp";
import { cn } from "@/components/lib/cn";
import type { GuidedStep } from "@/server/playbooks/guided/schemas";

const marks = {
  done: { icon: Check, word: "done" },
  skipped: { icon: Minus, word: "skipped" },
  current: { icon: CircleDot, word: "now" },
  later: { icon: Circle, word: "later" },
} as const;

/** One step of a guided run: what it is, what its probe says, who settled it. `children` are its acts. */
export function StepLine({ step, number, children }: { step: GuidedStep; number: number; children?: React.ReactNode }) {
  const mark = marks[step.settled?.outcome ?? (step.status === "current" ? "current" : "later")];
  const Icon = mark.icon;
  const open = step.status === "current";
  return (
    <li
      className={cn("flex gap-3 border-b px-3 py-3 last:border-b-0", open && "bg-accent-soft")}
      aria-current={open ? "step" : undefined}
      data-step={step.id}
    >
      <Icon aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
      <div className="flex min-w-0 flex-1 flex-col gap-1">
        <h3 className={cn("text-sm", step.status === "later" && "text-muted-foreground")}>
          {number} {step.title} <span className="sr-only">({mark.word})</span>
        </h3>
        {step.settled === null ? null : (
          <p className="text-muted-foreground">
            {step.settled.outcome === "skipped" ? "Skipped by " : ""}
            {step.settled.by}
            {step.settled.reason === null ? "" : `: ${step.settled.reason}`}
            {step.settled.seen === null ? "" : `: ${step.settled.seen}`} <TimeStamp at={step.settled.at} />
          </p>
        )}
        {step.settled?.hash ? <p className="font-mono text-xs break-all">SHA-256 {step.settled.hash}</p> : null}
        {open ? <p className="max-w-prose">{step.what}</p> : null}
        {step.probe === null ? null : (
          <p role={open ? "status" : undefined} className={cn(step.probe.done !== true && "font-medium")}>
            {step.probe.done === null ? "Cannot be told just now: " : ""}
            {step.probe.sentence}
          </p>
        )}
        {step.checks.some(({ ticked }) => ticked !== null) ? (
          <ul className="flex flex-col gap-1" aria-label="Ticked">
            {step.checks.map(({ item, label, ticked }) =>
              ticked === null ? null : (
                <li key={item} className="flex gap-2">
                  <SquareCheck aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
                  <span>
                    {label}{" "}
                    <span className="text-muted-foreground">
                      {ticked.by}: {ticked.note} <TimeStamp at={ticked.at} />
                    </span>
                  </span>
                </li>
              ),
            )}
          </ul>
        ) : null}
        {step.report !== null && step.settled !== null ? (
          <details>
            <summary className="w-fit cursor-pointer py-1 text-muted-foreground hover:text-foreground">
              What was kept of it
            </summary>
            <StepReport step={step} />
          </details>
        ) : (
          <StepReport step={step} />
        )}
        {children}
        {open && step.commands.length > 0 ? (
          <details>
            <summary className="w-fit cursor-pointer py-1 text-muted-foreground hover:text-foreground">
              The same by hand
            </summary>
            <div className="flex flex-col gap-2 py-1">
              {step.commands.map((one) => (
                <CommandBlock key={one.title} command={one.command} title={one.title} />
              ))}
            </div>
          </details>
        ) : null}
      </div>
    </li>
  );
}
