"use client";

import { useState } from "react";
import { Panel } from "@/components/lib/panel";
import { AskTwoPeople } from "@/components/redrive/ask-two-people";
import { classWords } from "@/components/redrive/redrive-words";
import { Button } from "@/components/ui/button";
import { counted } from "@/components/wizard/run-model";
import type { LetterClass, LetterGroup, RedriveRun } from "@/server/redrive/schemas";

/** Asking two people to discard what cannot go back: by class, only after the originals were downloaded. */
export function DiscardPanel({ run, groups }: { run: RedriveRun; groups: readonly LetterGroup[] }) {
  const [chosen, setChosen] = useState<ReadonlySet<LetterClass>>(new Set());
  const [asking, setAsking] = useState(false);
  const left = new Map<LetterClass, number>();
  for (const group of groups)
    if (classWords[group.class].goes === "stays") left.set(group.class, (left.get(group.class) ?? 0) + group.count);
  const classes = [...chosen].sort();
  return (
    <Panel
      title="Discard"
      note="Deletes letters for good. It takes two people, and the originals stay kept."
      state={
        left.size === 0
          ? { kind: "empty", sentence: "Nothing in this list has to stay." }
          : run.exported === null
            ? {
                kind: "empty",
                sentence: "Download the originals first: nothing is discarded that nobody has exported.",
              }
            : undefined
      }
    >
      <div className="flex flex-col items-start gap-3 px-3 py-3">
        <fieldset className="flex flex-col">
          <legend className="text-xs font-medium">Which of those that stay</legend>
          {[...left].map(([what, count]) => (
            <label key={what} className="flex min-h-8 items-center gap-2">
              <input
                type="checkbox"
                className="accent-accent"
                checked={chosen.has(what)}
                onChange={({ target }) => {
                  const next = new Set(chosen);
                  if (target.checked) next.add(what);
                  else next.delete(what);
                  setChosen(next);
                  setAsking(false);
                }}
              />
              {classWords[what].label}: {counted(count, "letter")}
            </label>
          ))}
        </fieldset>
        {asking && classes.length > 0 ? (
          <AskTwoPeople
            key={classes.join()}
            action="discard-dead-letters"
            parameters={{ runId: run.id, classes }}
            incidentId={run.incidentId}
          />
        ) : (
          <Button disabled={classes.length === 0} onClick={() => setAsking(true)}>
            See what would be deleted
          </Button>
        )}
      </div>
    </Panel>
  );
}
