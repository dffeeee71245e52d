"use client";

import { useState } from "react";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { Button } from "@/components/ui/button";
import { Fact, Facts } from "@/components/wizard/facts";
import { counted } from "@/components/wizard/run-model";

const sample = 10;

/** The frozen list: how many, the digest that binds it, and a sample to look at. `targets` holds the first 200 at most. */
export function TargetList({ count, targets, digest }: { count: number; targets: readonly string[]; digest: string }) {
  const [all, setAll] = useState(false);
  const shown = all ? targets : targets.slice(0, sample);
  return (
    <Panel title="Targets" note="Frozen when it was asked for: what runs is this list and no other">
      <div className="flex flex-col items-start gap-3 px-3 py-3">
        <Facts>
          <Fact name="How many">{counted(count, "target")}</Fact>
          <Fact name="SHA-256 of the list">
            <CopyText text={digest} what="digest of the targets" />
          </Fact>
        </Facts>
        {shown.length === 0 ? (
          <p className="text-muted-foreground">The list is empty: it would touch nothing.</p>
        ) : (
          <ul aria-label="Targets" className="flex w-full flex-wrap gap-x-4 gap-y-0.5">
            {shown.map((target) => (
              <li key={target} className="min-w-0">
                <CopyText text={target} what="target" />
              </li>
            ))}
          </ul>
        )}
        {targets.length > sample ? (
          <Button size="sm" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? `Show ${sample}` : `Show ${targets.length.toLocaleString("en-GB")}`}
          </Button>
        ) : null}
        {count > targets.length ? (
          <p className="text-xs text-muted-foreground">
            {(count - targets.length).toLocaleString("en-GB")} more are in the list and in its digest, and are not shown
            here.
          </p>
        ) : null}
      </div>
    </Panel>
  );
}
