import { Check, Circle, SkipForward } from "lucide-react";
import { CommandBlock } from "@/components/lib/command-block";
import { formatAge } from "@/components/lib/duration";
import { TimeStamp } from "@/components/lib/time-stamp";
import { utcStamp } from "@/components/lib/utc";
import { Button } from "@/components/ui/button";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { settledBy, waitingItem } from "@/components/wizard/run-model";
import type { ChecklistItem } from "@/server/playbooks/schemas";

const icons = { open: Circle, done: Check, skipped: SkipForward } as const;

/**
 * What revocation does not reach: each with the exact call, to be ticked when done or skipped with a reason. What ends by itself
 * cannot be ticked before `runsUntil` (epoch ms, null once nothing runs any more); `now` in epoch ms.
 */
export function WaitStep({
  items,
  runsUntil,
  now,
  mayAct,
  onTick,
  onSkip,
}: {
  items: readonly ChecklistItem[];
  runsUntil: number | null;
  now: number;
  mayAct: boolean;
  onTick: (item: string) => Promise<boolean>;
  onSkip: (item: string, reason: string) => Promise<boolean>;
}) {
  return (
    <div className="flex flex-col gap-3">
      <p className="max-w-prose">
        The sessions are revoked and proved. What is left works without them: it ends by itself, as the exposure below
        counts down, or when somebody makes the calls listed here.
      </p>
      <ol className="flex flex-col gap-4">
        {items.map((item) => {
          const byItself = item.id === waitingItem;
          const settled = settledBy(item);
          const state = byItself && settled === "open" && runsUntil === null ? "done" : settled;
          const running = byItself && runsUntil !== null;
          const Icon = icons[state];
          return (
            <li key={item.id} className="grid grid-cols-[1rem_1fr] gap-x-2 gap-y-1.5">
              <Icon aria-hidden className={state === "done" ? "mt-0.5 size-4 text-ok" : "mt-0.5 size-4"} />
              <div className="min-w-0">
                <h3>
                  {item.label}
                  <span className="sr-only"> ({state})</span>
                </h3>
                <p className="max-w-prose text-muted-foreground">{item.why}</p>
              </div>
              <div className="col-start-2 flex min-w-0 flex-col gap-1.5">
                {item.command === null ? null : (
                  <CommandBlock command={item.command} title={item.label} caption={false} />
                )}
                {state === "open" ? (
                  <div className="flex flex-wrap items-center gap-2">
                    <Button size="sm" disabled={!mayAct || running} onClick={() => void onTick(item.id)}>
                      Mark as done<span className="sr-only">: {item.label}</span>
                    </Button>
                    <ConfirmAct
                      label={
                        <>
                          Skip with a reason<span className="sr-only">: {item.label}</span>
                        </>
                      }
                      variant="ghost"
                      title={`Skip: ${item.label}`}
                      confirm="Skip it"
                      reasonLabel="Why it is skipped"
                      disabled={!mayAct}
                      onConfirm={(reason) => onSkip(item.id, reason)}
                    >
                      <p>{item.why}</p>
                    </ConfirmAct>
                    {running ? (
                      <span className="text-muted-foreground tabular-nums">
                        Runs for {formatAge(runsUntil - now)} more, until {utcStamp(runsUntil, now)}; then it is done by
                        itself.
                      </span>
                    ) : null}
                  </div>
                ) : settled === "open" ? (
                  <p className="text-muted-foreground">It has run out: nothing to do.</p>
                ) : (
                  <p className="text-muted-foreground">
                    {state === "done" ? "Done" : "Skipped"} by {item.doneBy ?? "somebody"}{" "}
                    {item.doneAt === null ? null : <TimeStamp at={item.doneAt} />}
                    {item.skippedReason === null ? null : `: ${item.skippedReason}`}
                  </p>
                )}
              </div>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
