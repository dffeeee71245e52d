"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { isOpen, stateWords, voteProgress } from "@/components/approvals/approval-words";
import { BlastPanel } from "@/components/approvals/blast-panel";
import { Countdown } from "@/components/approvals/countdown";
import { DecisionPanel } from "@/components/approvals/decision-panel";
import { SinceRequest } from "@/components/approvals/since-request";
import { TargetList } from "@/components/approvals/target-list";
import { useReadOnBoardChange } from "@/components/approvals/use-read-on-board-change";
import { VotesPanel } from "@/components/approvals/votes-panel";
import { WhatRuns } from "@/components/approvals/what-runs";
import { Panel } from "@/components/lib/panel";
import { SeverityMark } from "@/components/lib/severity-mark";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Badge } from "@/components/ui/badge";
import { Fact, Facts } from "@/components/wizard/facts";
import type { ApprovalView } from "@/server/approvals/schemas";

export function ApprovalClient({ initial }: { initial: ApprovalView }) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.approvals.get.queryOptions(
      { approvalId: initial.id },
      {
        initialData: initial,
        refetchInterval: ({ state }) => (state.data === undefined || isOpen(state.data) ? 3_000 : false),
      },
    ),
  );
  useReadOnBoardChange(initial.id, query.refetch);
  const view = query.data;
  return (
    <div className="flex flex-col gap-4">
      <header className="min-w-0">
        <p className="text-xs text-muted-foreground">
          <Link href="/approvals" className="underline underline-offset-2 hover:text-foreground">
            Approvals
          </Link>
        </p>
        <h1 className="flex flex-wrap items-center gap-2">
          <SeverityMark severity={view.severity} /> {view.label}
          <Badge tone={view.state === "pending" ? "accent" : view.state === "approved" ? "ok" : "neutral"}>
            {stateWords[view.state]}
          </Badge>
        </h1>
        <p className="max-w-prose">{view.blast.sentence}</p>
        <p className="flex flex-wrap gap-x-3 text-muted-foreground">
          {isOpen(view) ? <Countdown approval={view} until /> : null}
          <span>{voteProgress(view)}</span>
          <a href="#your-part" className="text-accent underline underline-offset-2 lg:hidden">
            To your part
          </a>
        </p>
      </header>
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_24rem]">
        <div className="flex min-w-0 flex-col gap-4">
          <Asked view={view} state={panelStateOf(query, { when: false, sentence: "" })} />
          <WhatRuns view={view} />
          <BlastPanel blast={view.blast} note="As it was when it was asked for" />
          <TargetList count={view.targetCount} targets={view.targets} digest={view.targetsDigest} />
        </div>
        <div className="flex min-w-0 flex-col gap-4 lg:sticky lg:top-16">
          <SinceRequest view={view} />
          <VotesPanel view={view} />
          <DecisionPanel view={view} />
        </div>
      </div>
    </div>
  );
}

function Asked({ view, state }: { view: ApprovalView; state: ReturnType<typeof panelStateOf> }) {
  return (
    <Panel title="Who asks, and why" state={state}>
      <div className="px-3 py-3">
        <Facts>
          <Fact name="Asked by">
            {view.requester.name} <TimeStamp at={view.requestedAt} />
          </Fact>
          <Fact name="Reason">{view.reason}</Fact>
          {view.investigationReason === null ? null : (
            <Fact name="Although under tamper investigation">{view.investigationReason}</Fact>
          )}
          <Fact name="Incident">
            {view.incident === null ? (
              "None."
            ) : (
              <Link href={`/incidents/${view.incident.id}`} className="text-accent underline underline-offset-2">
                INC-{view.incident.number} {view.incident.title}
              </Link>
            )}
          </Fact>
        </Facts>
      </div>
    </Panel>
  );
}
