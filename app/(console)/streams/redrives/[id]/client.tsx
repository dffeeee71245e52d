"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { IncidentLink } from "@/components/incidents/incident-link";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { isOver, progressWords, runTitle, stateWords } from "@/components/redrive/redrive-words";
import { usePerson } from "@/components/shell/shell-context";
import { Badge } from "@/components/ui/badge";
import { Fact, Facts } from "@/components/wizard/facts";
import { policyOf } from "@/server/auth/action-policy";
import { mayCall } from "@/server/auth/policy";
import { mayReadOriginals, type RedriveRun } from "@/server/redrive/schemas";
import { DiscardPanel } from "./discard-panel";
import { EntriesPanel, type Show } from "./entries-panel";
import { GroupsPanel, useGroups } from "./groups-panel";
import { RunActs } from "./run-acts";
import { StartPanel } from "./start-panel";

/** A list of dead letters: what they are, what would happen; then how far it is, and what became of each. */
export function RedriveClient({ initial }: { initial: RedriveRun }) {
  const trpc = useTRPC();
  const person = usePerson();
  const query = useQuery(
    trpc.redrive.run.queryOptions(
      { runId: initial.id },
      { initialData: initial, refetchInterval: ({ state }) => (state.data && isOver(state.data) ? 10_000 : 1_000) },
    ),
  );
  const run = query.data;
  const groups = useGroups(run);
  const [show, setShow] = useState<Show | null>(null);
  const mayDiscard = policyOf("discard-dead-letters").roles.some((role) => person.roles.includes(role));
  return (
    <div className="flex flex-col gap-4">
      <header className="flex flex-wrap items-start gap-3">
        <div className="min-w-0 flex-1 basis-72">
          <p className="text-xs text-muted-foreground">
            <Link
              href={`/streams/${encodeURIComponent(run.stream)}`}
              className="font-mono break-all underline underline-offset-2 hover:text-foreground"
            >
              {run.stream}
            </Link>
          </p>
          <h1 className="flex flex-wrap items-center gap-2">
            {runTitle(run)}
            <Badge tone={isOver(run) ? "neutral" : "strong"}>{stateWords(run)}</Badge>
          </h1>
          <p className="text-muted-foreground">
            {run.startedBy ?? run.requestedBy} <TimeStamp at={run.startedAt ?? run.requestedAt} />
          </p>
          {run.reason === null ? null : <p className="text-muted-foreground">Because: {run.reason}</p>}
        </div>
        <RunActs run={run} />
      </header>
      {run.pause === null ? null : (
        <p role="alert" className="rounded-md border border-border-strong px-3 py-2 font-medium">
          {run.pause.by === null ? "It stopped by itself: " : `${run.pause.by}: `}
          {run.pause.reason} What is on its way is still confirmed; nothing more is added until somebody resumes it.
        </p>
      )}
      {run.error === null ? null : (
        <p role="alert" className="rounded-md border border-border-strong px-3 py-2 font-medium">
          It does not get on just now and is tried again: {run.error}
        </p>
      )}
      <Panel title="Where it is" state={panelStateOf(query, { when: false, sentence: "" })}>
        <div className="flex flex-col gap-3 px-3 py-3">
          <p role="status" className="font-medium">
            {progressWords(run)}
          </p>
          <Progress run={run} />
          <Particulars run={run} />
        </div>
      </Panel>
      <GroupsPanel key={`groups ${run.state}`} run={run} /> {/* read once more whenever the state is another */}
      {run.state === "planned" && mayCall("redrive.start", person.roles) ? (
        <StartPanel run={run} groups={groups.data ?? []} />
      ) : null}
      {mayDiscard && run.kind === "redrive" && (run.state === "planned" || isOver(run)) && run.archive !== null ? (
        <DiscardPanel run={run} groups={groups.data ?? []} />
      ) : null}
      {run.state === "classifying" ? null : (
        <EntriesPanel key={`letters ${run.state}`} run={run} asked={show} onAsk={setShow} />
      )}
    </div>
  );
}

function Progress({ run }: { run: RedriveRun }) {
  if (run.chosen === null || run.chosen === 0) return null;
  const share = (part: number) => `${(part / (run.chosen ?? 1)) * 100}%`;
  return (
    <div
      role="progressbar"
      aria-label="Retired"
      aria-valuemin={0}
      aria-valuemax={run.chosen}
      aria-valuenow={run.retired}
      className="flex h-2 overflow-hidden rounded-sm border"
    >
      <div className="h-full bg-accent" style={{ width: share(run.retired) }} />
      <div className="h-full bg-foreground" style={{ width: share(run.failed) }} />
    </div>
  );
}

function Particulars({ run }: { run: RedriveRun }) {
  const person = usePerson();
  return (
    <Facts>
      <Fact name="Letters up to">
        <CopyText text={run.lastId} what="id of the last letter" whole /> what came later is not touched
      </Fact>
      {run.leftOut > 0 ? <Fact name="Not in this list">{run.leftOut} or more: list again after this one</Fact> : null}
      {run.startedAt === null ? null : (
        <>
          <Fact name="Added">
            {run.added.toLocaleString("en-GB")}
            {run.addedAgain > 0 ? `, ${run.addedAgain} of them again after an interruption, which changes nothing` : ""}
          </Fact>
          <Fact name="Canary">
            {run.canary === 0
              ? "none"
              : `${run.canary} first, ${run.canaryPassed ? "all arrived" : "not all arrived yet"}`}
          </Fact>
          <Fact name="Readers behind">
            {run.lag === null
              ? "not looked yet"
              : `${run.lag.toLocaleString("en-GB")}${run.state === "running" ? "" : " when it was last looked at"} (it stops at ${run.mostLag.toLocaleString("en-GB")})`}
          </Fact>
          {run.heldBack === null ? null : <Fact name="Waits because">{run.heldBack}</Fact>}
        </>
      )}
      {run.digest === null ? null : (
        <Fact name="SHA-256 of the frozen ids">
          <CopyText text={run.digest} what="digest of the ids" />
        </Fact>
      )}
      {run.archive === null ? null : (
        <Fact name="Originals">
          kept, {run.archive.bytes.toLocaleString("en-GB")} bytes, SHA-256{" "}
          <CopyText text={run.archive.sha256} what="digest of the originals" />{" "}
          {mayReadOriginals(person.roles) ? (
            <a href={`/api/exports/redrives/${run.id}`} className="text-accent underline underline-offset-2" download>
              Download as JSON lines
            </a>
          ) : (
            <span className="text-muted-foreground">(a responder, security or compliance may download them)</span>
          )}
          {run.exported === null ? null : (
            <span className="text-muted-foreground">
              {" "}
              first by {run.exported.by} <TimeStamp at={run.exported.at} />
            </span>
          )}
        </Fact>
      )}
      {run.incidentId === null ? null : (
        <Fact name="Incident">
          <IncidentLink incidentId={run.incidentId} />
        </Fact>
      )}
      {run.approvalId === null ? null : (
        <Fact name="Approval">
          <Link href={`/approvals/${run.approvalId}`} className="text-accent underline underline-offset-2">
            What was approved, and by whom
          </Link>
        </Fact>
      )}
    </Facts>
  );
}
