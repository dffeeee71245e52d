"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { guidedCatalogue } from "@/server/playbooks/guided/catalogue";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Badge } from "@/components/ui/badge";
import { buttonStyle } from "@/components/ui/button";
import { mayCall } from "@/server/auth/policy";

/** Playbooks about keys, as the catalogue offers them. */
export function GuidedCatalogue() {
  const person = usePerson();
  const mayStart = mayCall("guided.start", person.roles);
  return guidedCatalogue.map(({ name, title, about }) => (
    <div key={name} className="flex flex-wrap items-center gap-3 border-t px-3 py-3">
      <div className="min-w-0 flex-1 basis-72">
        <h3>{title}</h3>
        <p className="max-w-prose text-muted-foreground">{about}</p>
      </div>
      {mayStart ? (
        <Link href={`/playbooks/guided/new?playbook=${name}`} className={buttonStyle()} aria-label={`Begin: ${title}`}>
          Begin
        </Link>
      ) : (
        <p className="text-muted-foreground">Beginning it needs the role responder or security.</p>
      )}
    </div>
  ));
}

/** The newest runs of those playbooks. */
export function GuidedRuns() {
  const trpc = useTRPC();
  const query = useQuery(trpc.guided.runs.queryOptions({ limit: 25 }, { refetchInterval: 5_000 }));
  const runs = query.data?.rows ?? [];
  return (
    <Panel
      title="Guided runs"
      note="Newest first"
      state={panelStateOf(query, { when: runs.length === 0, sentence: "None has been run here yet." })}
    >
      <ul>
        {runs.map((run) => (
          <li key={run.id} className="flex flex-wrap items-baseline gap-x-3 gap-y-1 border-b px-3 py-2 last:border-b-0">
            <Link href={`/playbooks/guided/${run.id}`} className="font-medium text-accent underline underline-offset-2">
              {run.title}
              {run.zone === null ? "" : `: ${run.zone.name}`}
              {run.service === null ? "" : `: ${run.service === "all" ? "every service" : run.service}`}
            </Link>
            {run.drill ? <Badge tone="strong">Drill</Badge> : null}
            <Badge tone={run.state === "open" ? "accent" : run.state === "done" ? "ok" : "neutral"}>{run.state}</Badge>
            <span className="min-w-0 flex-1 basis-40 text-muted-foreground">
              {run.settled} of {run.steps} steps settled · INC-{run.incident.number}
            </span>
            <span className="text-xs text-muted-foreground">
              {run.driver.name} <TimeStamp at={run.createdAt} />
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
