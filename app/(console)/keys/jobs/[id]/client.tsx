"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { toast } from "sonner";
import { isOver, jobTitle, progressWords, shareOf, stateWords } from "@/components/keys/key-job-words";
import { SealBars } from "@/components/keys/seal-bars";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf, reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Badge } from "@/components/ui/badge";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { Fact, Facts } from "@/components/wizard/facts";
import { mayCall } from "@/server/auth/policy";
import type { KeyJobView } from "@/server/keys/schemas";
import { FindingsPanel } from "./findings-panel";
import { InventoryPanel } from "./inventory-panel";
import { RotatedZonesPanel } from "./rotated-zones-panel";

export function KeyJobClient({ initial }: { initial: KeyJobView }) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.keys.job.queryOptions(
      { jobId: initial.id },
      { initialData: initial, refetchInterval: ({ state }) => (state.data && isOver(state.data) ? 10_000 : 1_000) },
    ),
  );
  const job = query.data;
  return (
    <div className="flex flex-col gap-4">
      <header className="flex flex-wrap items-center gap-3">
        <div className="min-w-0 flex-1 basis-72">
          <p className="text-xs text-muted-foreground">
            <Link href="/keys" className="underline underline-offset-2 hover:text-foreground">
              Keys
            </Link>
          </p>
          <h1 className="flex flex-wrap items-center gap-2">
            {jobTitle(job)}
            <Badge tone={isOver(job) ? "neutral" : "strong"}>{stateWords(job)}</Badge>
          </h1>
          <p className="text-muted-foreground">
            {job.requestedBy.name} <TimeStamp at={job.requestedAt} />
          </p>
          {job.reason === null ? null : <p className="text-muted-foreground">Because: {job.reason}</p>}
        </div>
        <Acts job={job} />
      </header>
      {job.error === null || job.state === "refused" ? null : (
        <p role="alert" className="rounded-md border border-border-strong px-3 py-2 font-medium">
          {job.error}
        </p>
      )}
      <Panel title="Where it is" state={panelStateOf(query, { when: false, sentence: "" })}>
        <div className="flex flex-col gap-2 px-3 py-3">
          <p className="font-medium">{job.sentence}</p>
          {isOver(job) ? null : (
            <div className="flex flex-wrap items-center gap-3">
              <div
                role="progressbar"
                aria-label="Progress"
                aria-valuemin={0}
                aria-valuemax={job.total ?? undefined}
                aria-valuenow={job.done}
                className="h-2 min-w-40 flex-1 overflow-hidden rounded-sm border"
              >
                <div className="h-full bg-accent" style={{ width: shareOf(job.done, job.total ?? 0) }} />
              </div>
              <span className="tabular-nums">{progressWords(job)}</span>
            </div>
          )}
          <Facts>
            {job.fromKek === null ? null : (
              <Fact name={job.kind === "inventory" ? "Key in use" : "From key"}>
                <code>{job.fromKek}</code>
              </Fact>
            )}
            {job.toKek === null ? null : (
              <Fact name={job.kind === "inventory" ? "Next key" : job.kind === "rotate" ? "Sealed under" : "To key"}>
                <code>{job.toKek}</code>
              </Fact>
            )}
            {job.approvalId === null ? null : (
              <Fact name="Approval">
                <Link href={`/approvals/${job.approvalId}`} className="text-accent underline underline-offset-2">
                  What was approved, and by whom
                </Link>
              </Fact>
            )}
            {job.incidentId === null ? null : (
              <Fact name="Incident">
                <Link href={`/incidents/${job.incidentId}`} className="text-accent underline underline-offset-2">
                  Open the incident
                </Link>
              </Fact>
            )}
          </Facts>
        </div>
        {job.counts === null ? null : (
          <div className="border-t">
            <SealBars counts={job.counts} from={job.fromKek ?? "key in use"} to={job.toKek ?? "next key"} />
          </div>
        )}
      </Panel>
      {job.kind === "re-encrypt" ? <Walks job={job} /> : null}
      {job.kind === "rotate" ? <RotatedZonesPanel job={job} /> : null}
      {job.kind === "inventory" && job.state === "finished" ? <InventoryPanel jobId={job.id} /> : null}
      {job.findings > 0 ? <FindingsPanel jobId={job.id} count={job.findings} /> : null}
    </div>
  );
}

function Acts({ job }: { job: KeyJobView }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const person = usePerson();
  const cancel = useMutation(trpc.keys.cancelJob.mutationOptions());
  const again = useMutation(trpc.keys.sweepAgain.mutationOptions());
  const doing = (act: typeof cancel) => async () => {
    try {
      await act.mutateAsync({ jobId: job.id });
      await client.invalidateQueries({ queryKey: trpc.keys.job.queryKey({ jobId: job.id }) });
      return true;
    } catch (error) {
      toast.error(reasonOf(error));
      return false;
    }
  };
  if (!isOver(job) && !job.cancelAsked && mayCall("keys.cancelJob", person.roles))
    return (
      <ConfirmAct label="Cancel" title="Stop this job?" confirm="Yes, stop it" onConfirm={doing(cancel)}>
        <p>
          {job.kind === "re-encrypt"
            ? "It stops at the next batch. Values are then under both keys, each whole: start it again, or the way back."
            : job.kind === "rotate"
              ? "No further zone gets a key. What is written goes on to be told to every STS and proved."
              : "It only reads; nothing is left behind."}
        </p>
      </ConfirmAct>
    );
  if (job.kind === "re-encrypt" && job.state === "finished" && mayCall("keys.sweepAgain", person.roles))
    return (
      <ConfirmAct
        label="Sweep again"
        title="Walk over everything again?"
        confirm="Yes, sweep again"
        onConfirm={doing(again)}
      >
        <p>
          A replica that is still on the old key goes on sealing refreshed grants under it. After the last one is gone,
          sweep until a walk moves nothing. It is part of what was approved.
        </p>
      </ConfirmAct>
    );
  return null;
}

function Walks({ job }: { job: KeyJobView }) {
  return (
    <Panel
      title="Walks over every value"
      note="one that moved nothing is the proof"
      state={job.passes.length === 0 ? { kind: "empty", sentence: "The first walk is under way." } : undefined}
    >
      <Table label="Walks over every value">
        <TableHead>
          <tr>
            <TableHeader>Walk</TableHeader>
            <TableHeader className="text-right">Seen</TableHeader>
            <TableHeader className="text-right">Moved</TableHeader>
            <TableHeader>Began</TableHeader>
            <TableHeader>Ended</TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {job.passes.map((pass) => (
            <TableRow key={pass.pass}>
              <TableCell>{pass.pass}</TableCell>
              <TableCell className="text-right tabular-nums">{pass.seen.toLocaleString("en-GB")}</TableCell>
              <TableCell className="text-right tabular-nums">{pass.moved.toLocaleString("en-GB")}</TableCell>
              <TableCell>
                <TimeStamp at={pass.startedAt} />
              </TableCell>
              <TableCell>
                <TimeStamp at={pass.finishedAt} />
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Panel>
  );
}
