"use client";

import { useQuery } from "@tanstack/react-query";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import Link from "next/link";
import { IncidentLink } from "@/components/incidents/incident-link";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { useConnection, useRun } from "@/components/live/live-hooks";
import { useNow } from "@/components/live/now";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Badge } from "@/components/ui/badge";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { ExposureBar } from "@/components/wizard/exposure-bar";
import { RunBanner } from "@/components/wizard/run-banner";
import { RunLog } from "@/components/wizard/run-log";
import { isOver, runSteps, shownStep, standing, stepLines, type StepState } from "@/components/wizard/run-model";
import { StepAction } from "@/components/wizard/step-action";
import { ByHand } from "@/components/wizard/by-hand";
import { StepBody } from "@/components/wizard/step-body";
import { StepsColumn } from "@/components/wizard/steps-column";
import { type RunActs, useRunActs } from "@/components/wizard/use-run-acts";
import { mayCall } from "@/server/auth/policy";
import type { RunView } from "@/server/playbooks/schemas";

const stepParam = parseAsStringLiteral(runSteps.map((step) => step.state));

/** The newest picture of the run: from the live link, or asked for while the link is down. */
function useNewestRun(initial: RunView) {
  const trpc = useTRPC();
  const live = useRun(initial.id);
  const connection = useConnection();
  const query = useQuery(
    trpc.playbooks.run.queryOptions(
      { runId: initial.id },
      { initialData: initial, refetchInterval: connection.kind === "live" ? false : 3_000 },
    ),
  );
  const run = live !== null && live.revision >= query.data.revision ? live : query.data;
  return { run, trouble: query.isError && live === null ? reasonOf(query.error) : null, readAt: query.dataUpdatedAt };
}

export function RunClient({ initial }: { initial: RunView }) {
  const { run, trouble, readAt } = useNewestRun(initial);
  const acts = useRunActs(run.id);
  const person = usePerson();
  const now = useNow() ?? Date.parse(run.updatedAt);
  const [wanted, setWanted] = useQueryState("step", stepParam);
  const step = shownStep(run, wanted);
  const lines = stepLines(run, now);
  const shown = lines.find((line) => line.state === step);
  const stands = standing(run, { id: person.id, mayAct: mayCall("playbooks.revoke", person.roles) });
  const mayAct = stands === "driver" && !isOver(run);
  const show = (next: StepState | null) => void setWanted(next === run.state ? null : next);

  return (
    <div className="flex flex-col gap-4">
      <RunHeader run={run} mayAct={mayAct} acts={acts} />
      <RunBanner run={run} standing={stands} acts={acts} />
      <div className="grid items-start gap-4 md:grid-cols-[15rem_1fr]">
        <StepsColumn lines={lines} shown={step} onShow={show} />
        <Panel
          title={shown === undefined ? "Step" : `${shown.number} ${shown.label}`}
          note={stepNote(run, step)}
          state={trouble === null ? undefined : { kind: "stale", okAt: readAt, reason: trouble }}
          className={run.drill ? "border-2 border-dashed border-border-strong" : undefined}
        >
          <StepBody
            run={run}
            step={step}
            mayAct={mayAct && !acts.sending}
            acts={acts}
            now={now}
            onRevoked={() => void setWanted(null)}
          />
          <StepAction run={run} step={step} now={now} mayAct={mayAct} acts={acts} onShow={show} />
          <ExposureBar exposure={run.exposure} now={now} />
          <ByHand commands={run.commands.filter((command) => command.step === step)} />
        </Panel>
      </div>
      <RunLog runId={run.id} over={isOver(run)} />
    </div>
  );
}

/** How the shown step stands to the run: a stranger must not take a look back for the present. */
function stepNote(run: RunView, step: StepState): string {
  if (step === run.state) return step === "done" ? "this run is over" : "this run is here";
  if (step === "revoke" && run.state === "blast_radius") return "the next act: nothing has been changed yet";
  const at = runSteps.findIndex((candidate) => candidate.state === run.state);
  return at < 0
    ? "as it was when the run was abandoned"
    : `looking back: the run is at ${at + 1} ${runSteps[at]?.label}`;
}

function RunHeader({ run, mayAct, acts }: { run: RunView; mayAct: boolean; acts: RunActs }) {
  return (
    <header className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <div className="min-w-0 flex-1 basis-72">
        <p className="text-xs text-muted-foreground">
          <Link href="/playbooks" className="underline underline-offset-2 hover:text-foreground">
            Playbooks
          </Link>
        </p>
        <h1 className="flex flex-wrap items-center gap-2">
          {run.title}
          {run.drill ? <Badge tone="strong">Drill: not a real incident</Badge> : null}
        </h1>
        <p className="break-words text-muted-foreground">
          Run by {run.driver.name} · started {run.driver.id === run.createdBy.id ? "" : `by ${run.createdBy.name} `}
          <TimeStamp at={run.createdAt} />
          {run.incidentId === null ? null : (
            <>
              {" · for "}
              <IncidentLink incidentId={run.incidentId} />
            </>
          )}
        </p>
      </div>
      {mayAct ? (
        <ConfirmAct
          label="Abandon"
          variant="ghost"
          title="Abandon this run?"
          confirm="Yes, abandon it"
          reasonLabel="Why it is left"
          disabled={acts.sending}
          onConfirm={(reason) => acts.abandon(reason)}
        >
          <p>
            The run ends here and cannot be resumed. What has been revoked stays revoked; what is not proved yet stays
            unproved.
          </p>
        </ConfirmAct>
      ) : null}
    </header>
  );
}
