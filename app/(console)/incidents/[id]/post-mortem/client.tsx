"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { Panel } from "@/components/lib/panel";
import { SeverityMark } from "@/components/lib/severity-mark";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { FollowUps } from "@/components/post-mortem/follow-ups";
import { Measured } from "@/components/post-mortem/measured";
import { Sections } from "@/components/post-mortem/sections";
import { Signatures } from "@/components/post-mortem/signatures";
import { WatchesPanel } from "@/components/watches/watches-panel";
import { usePerson } from "@/components/shell/shell-context";
import { Badge } from "@/components/ui/badge";
import { buttonStyle } from "@/components/ui/button";
import { mayCall } from "@/server/auth/policy";
import type { PostMortemView } from "@/server/post-mortem/schemas";

const exportHref = (id: string, format: string, profile: "full" | "shared") =>
  `/api/exports/incidents/${id}?format=${format}&profile=${profile}`;

export function PostMortemClient({ initial }: { initial: PostMortemView }) {
  const trpc = useTRPC();
  const person = usePerson();
  const { incident } = initial;
  const query = useQuery(
    trpc.postMortems.get.queryOptions({ incidentId: incident.id }, { initialData: initial, refetchInterval: 5_000 }),
  );
  const view = query.data;
  const mayWrite = mayCall("postMortems.save", person.roles);
  const profile = mayWrite ? "full" : "shared";
  return (
    <div className="flex flex-col gap-4">
      <header className="flex flex-wrap items-start gap-3">
        <div className="min-w-0 flex-1 basis-72">
          <p className="text-xs text-muted-foreground">
            <Link href={`/incidents/${incident.id}`} className="underline underline-offset-2 hover:text-foreground">
              INC-{incident.number}
            </Link>
          </p>
          <h1 className="flex flex-wrap items-center gap-2">
            <SeverityMark severity={view.incident.severity} /> Post-mortem: {view.incident.title}
            {view.signedOff ? <Badge tone="ok">Signed off</Badge> : <Badge>Not signed off</Badge>}
            {incident.drill ? <Badge tone="strong">Drill: not a real incident</Badge> : null}
          </h1>
          <p className="max-w-prose text-muted-foreground">
            The draft fills itself from the record. Figures are measured and cannot be edited; what you write replaces
            the draft's sentences. Two people sign the same text.
          </p>
        </div>
        <nav aria-label="Export" className="flex flex-wrap gap-2">
          <a href={exportHref(incident.id, "markdown", profile)} className={buttonStyle("outline", "sm")}>
            Markdown
          </a>
          <a href={exportHref(incident.id, "html", profile)} className={buttonStyle("outline", "sm")}>
            Print
          </a>
          <a href={exportHref(incident.id, "bundle", profile)} className={buttonStyle("outline", "sm")}>
            Signed bundle
          </a>
        </nav>
      </header>
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <Panel title="Text" state={panelStateOf(query, { when: false, sentence: "" })}>
          <Sections view={view} mayWrite={mayWrite} />
        </Panel>
        <div className="flex min-w-0 flex-col gap-4">
          <Signatures view={view} mayWrite={mayWrite} />
          <FollowUps view={view} mayWrite={mayWrite} />
          <Measured measured={view.measured} incidentId={incident.id} />
          {view.measured.watched.length === 0 ? null : <WatchesPanel incidentId={incident.id} mayAct={false} />}
        </div>
      </div>
    </div>
  );
}
