"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { stateWords, voteProgress } from "@/components/approvals/approval-words";
import { Panel } from "@/components/lib/panel";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { buttonStyle } from "@/components/ui/button";
import { startHref } from "@/components/wizard/start-model";
import type { IncidentView } from "@/server/incidents/schemas";

const link = "text-accent underline underline-offset-2 hover:no-underline";

/** Playbook runs of the incident, and a way to start one for it. */
export function RunsPanel({ view, mayStart }: { view: IncidentView; mayStart: boolean }) {
  return (
    <Panel
      title="Playbook runs"
      actions={
        mayStart ? (
          <Link href={startHref({ incident: view.id })} className={buttonStyle("outline", "sm")}>
            Start the revoke playbook
          </Link>
        ) : null
      }
      state={view.runs.length === 0 ? { kind: "empty", sentence: "No playbook has been run for it." } : undefined}
    >
      <ul className="px-3 py-1">
        {view.runs.map((run) => (
          <li key={run.id} className="py-1">
            <Link href={`/playbooks/runs/${run.id}`} className={link}>
              {run.title}
            </Link>
            <span className="block text-xs text-muted-foreground">
              {run.state.replaceAll("_", " ")} · driven by {run.driver}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** What was asked for because of the incident, and how it was decided. */
export function ApprovalsPanel({ incidentId }: { incidentId: string }) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.approvals.list.queryOptions({ incidentId, show: "all", limit: 50 }, { refetchInterval: 15_000 }),
  );
  const rows = query.data?.rows ?? [];
  return (
    <Panel
      title="Approvals"
      state={panelStateOf(query, { when: rows.length === 0, sentence: "Nothing has been asked for because of it." })}
    >
      <ul className="px-3 py-1">
        {rows.map((approval) => (
          <li key={approval.id} className="py-1">
            <Link href={`/approvals/${approval.id}`} className={link}>
              {approval.label}
            </Link>
            <span className="block text-xs text-muted-foreground">
              {stateWords[approval.state]} · {voteProgress(approval)} · asked by {approval.requester.name}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
