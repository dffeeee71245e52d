"use client";

import type { ReactNode } from "react";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { isOver, type Standing } from "@/components/wizard/run-model";
import type { RunActs } from "@/components/wizard/use-run-acts";
import type { RunView } from "@/server/playbooks/schemas";

/** Why the person cannot act here right now, and what would change that. Nothing when they drive the run. */
export function RunBanner({ run, standing, acts }: { run: RunView; standing: Standing; acts: RunActs }) {
  if (run.state === "abandoned") {
    return (
      <Line>This run was abandoned. What had been revoked by then stays revoked; the log says why it was left.</Line>
    );
  }
  if (isOver(run) || standing === "driver") return null;
  if (standing === "not-allowed") {
    return (
      <Line>
        You can watch this run. Acting on it needs the role responder: ask {run.driver.name}, who drives it, or an admin
        for the role.
      </Line>
    );
  }
  return (
    <Line>
      <span className="min-w-0 flex-1 basis-64">
        {run.driver.name} drives this run. You see what they see. To act yourself, take it over.
      </span>
      <ConfirmAct
        label="Take over"
        title="Take this run over?"
        confirm="Yes, take it over"
        disabled={acts.sending}
        onConfirm={() => acts.takeOver()}
      >
        <p>
          You become the driver and {run.driver.name} can only watch, until they take it back. Work that is under way
          goes on. The log keeps who drove when.
        </p>
      </ConfirmAct>
    </Line>
  );
}

function Line({ children }: { children: ReactNode }) {
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-3 rounded-lg border border-dashed border-border-strong bg-muted px-3 py-2"
    >
      {children}
    </div>
  );
}
