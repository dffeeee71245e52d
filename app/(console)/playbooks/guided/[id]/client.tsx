"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { toast } from "sonner";
import { ExposureList } from "@/components/guided/exposure-list";
import { Signing } from "@/components/guided/signing";
import { StepLine } from "@/components/guided/step-line";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf, reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { mayCall } from "@/server/auth/policy";
import { catalogued } from "@/server/playbooks/guided/catalogue";
import type { AboutService, GuidedRunView } from "@/server/playbooks/guided/schemas";
import { type Settle, StepActs } from "./step-acts";

const aboutWords = (service: AboutService) => (service === "all" ? "every service" : service);
const stateWords = { open: "under way", done: "done", abandoned: "abandoned" } as const;

export function GuidedRunClient({ initial }: { initial: GuidedRunView }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const person = usePerson();
  const query = useQuery(
    trpc.guided.run.queryOptions(
      { runId: initial.id },
      { initialData: initial, refetchInterval: ({ state }) => (state.data?.state === "open" ? 2_500 : false) },
    ),
  );
  const run = query.data;
  const mayAct = mayCall("guided.settle", person.roles) && run.state === "open";
  const settling = useMutation(trpc.guided.settle.mutationOptions());
  const finishing = useMutation(trpc.guided.finish.mutationOptions());
  const ticking = useMutation(trpc.guided.tick.mutationOptions());
  const abandoning = useMutation(trpc.guided.abandon.mutationOptions());
  const taking = useMutation(trpc.guided.takeOver.mutationOptions());
  const signing = useMutation(
    trpc.guided.sign.mutationOptions({
      onSettled: () => client.invalidateQueries({ queryKey: trpc.guided.run.queryKey({ runId: run.id }) }),
    }),
  );

  async function doing(work: Promise<unknown>): Promise<boolean> {
    try {
      await work;
      return true;
    } catch (error) {
      toast.error(reasonOf(error));
      return false;
    } finally {
      await client.invalidateQueries({ queryKey: trpc.guided.run.queryKey({ runId: run.id }) });
    }
  }
  const settle =
    (step: string): Settle =>
    (given) =>
      doing(settling.mutateAsync({ runId: run.id, step, ...given }));
  const { stolen, aboutService } = catalogued(run.playbook);
  const exposureTitle = aboutService
    ? run.service === "sts" || run.service === "all"
      ? "What keeps working without it, and until when"
      : null
    : stolen === null
      ? null
      : "What an attacker can still do";
  const allSettled = run.steps.every(({ status }) => status === "settled");

  return (
    <div className="flex flex-col gap-4">
      <header className="flex flex-wrap items-center gap-3">
        <div className="min-w-0 flex-1 basis-72">
          <p className="text-xs text-muted-foreground">
            <Link href="/playbooks" className="underline underline-offset-2 hover:text-foreground">
              Playbooks
            </Link>
          </p>
          <h1 className="flex flex-wrap items-center gap-2">
            {run.title}
            {run.zone === null ? "" : `: ${run.zone.name}`}
            {run.service === null ? "" : `: ${aboutWords(run.service)}`}
            <Badge tone={run.state === "open" ? "strong" : "neutral"}>{stateWords[run.state]}</Badge>
            {run.drill ? <Badge tone="strong">Drill</Badge> : null}
          </h1>
          <p className="text-muted-foreground">
            <Link href={`/incidents/${run.incident.id}`} className="text-accent underline underline-offset-2">
              INC-{run.incident.number}
            </Link>{" "}
            · run by {run.driver.name} · started by {run.createdBy.name} <TimeStamp at={run.createdAt} />
          </p>
          <p className="text-muted-foreground">Because: {run.reason}</p>
          {run.endedReason === null ? null : <p>Abandoned: {run.endedReason}</p>}
        </div>
        {mayAct && run.driver.id !== person.id ? (
          <Button disabled={taking.isPending} onClick={() => void doing(taking.mutateAsync({ runId: run.id }))}>
            Take over
          </Button>
        ) : null}
        {mayAct ? (
          <ConfirmAct
            label="Abandon"
            variant="ghost"
            title="Abandon this run?"
            confirm="Yes, abandon it"
            reasonLabel="Why it ends here"
            onConfirm={(reason) => doing(abandoning.mutateAsync({ runId: run.id, reason }))}
          >
            <p>Jobs and freezes that it started go on by themselves. Another run can be started at any time.</p>
          </ConfirmAct>
        ) : null}
      </header>
      {run.state !== "open" || exposureTitle === null ? null : (
        <Panel
          title={exposureTitle}
          state={
            run.exposureUnknown !== null
              ? { kind: "failed", reason: `Cannot be told just now: ${run.exposureUnknown}` }
              : run.exposure.length === 0
                ? { kind: "empty", sentence: "Nothing that is known of." }
                : undefined
          }
        >
          <ExposureList exposure={run.exposure} at={query.dataUpdatedAt} />
        </Panel>
      )}
      <Panel
        title="Steps"
        state={panelStateOf(query, { when: false, sentence: "" })}
        note="in order; done when the probe says so"
        actions={
          mayAct && allSettled ? (
            <Button
              variant="primary"
              disabled={finishing.isPending}
              onClick={() => void doing(finishing.mutateAsync({ runId: run.id }))}
            >
              Finish the run
            </Button>
          ) : null
        }
      >
        <ol>
          {run.steps.map((step, at) => (
            <StepLine key={step.id} step={step} number={at + 1}>
              {step.signing === null || step.status === "later" ? null : (
                <Signing
                  signing={step.signing}
                  open={step.status === "current" && run.state === "open"}
                  sign={(role, comment) =>
                    signing.mutateAsync({
                      runId: run.id,
                      step: step.id,
                      role,
                      digest: step.signing?.digest ?? "",
                      comment,
                    })
                  }
                />
              )}
              {step.status === "current" && mayAct ? (
                <StepActs
                  key={step.id}
                  step={step}
                  incident={run.incident.id}
                  runId={run.id}
                  settle={settle(step.id)}
                  tick={(item, note) => doing(ticking.mutateAsync({ runId: run.id, step: step.id, item, note }))}
                  sending={settling.isPending}
                />
              ) : null}
            </StepLine>
          ))}
        </ol>
      </Panel>
    </div>
  );
}
