"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { AboutPanel } from "@/components/incidents/about-panel";
import { PreservedPanel } from "@/components/evidence/preserved-panel";
import { FilesPanel, RecordPanel } from "@/components/incidents/evidence-panel";
import { IncidentHeader } from "@/components/incidents/incident-header";
import { IncidentMoves } from "@/components/incidents/incident-moves";
import { MergeInto } from "@/components/incidents/merge-into";
import { RolesPanel } from "@/components/incidents/roles-panel";
import { SignalsPanel } from "@/components/incidents/signals-panel";
import { useIncidentActs } from "@/components/incidents/use-incident-acts";
import { ApprovalsPanel, RunsPanel } from "@/components/incidents/work-panel";
import { WatchesPanel } from "@/components/watches/watches-panel";
import { cn } from "@/components/lib/cn";
import { useBoard } from "@/components/live/live-hooks";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { NoteBox } from "@/components/timeline/note-box";
import { Timeline } from "@/components/timeline/timeline";
import { buttonStyle } from "@/components/ui/button";
import { mayCall } from "@/server/auth/policy";
import type { IncidentView } from "@/server/incidents/schemas";
import { useLinkedEntry } from "./use-linked-entry";

const tabs = [
  { id: "timeline", label: "Timeline" },
  { id: "about", label: "Act and details" },
] as const;

export function IncidentClient({ initial }: { initial: IncidentView }) {
  const trpc = useTRPC();
  const person = usePerson();
  const board = useBoard();
  const acts = useIncidentActs(initial.id);
  const [tab, setTab] = useState<(typeof tabs)[number]["id"]>("timeline");
  const [entry, setEntry] = useLinkedEntry();
  const query = useQuery(
    trpc.incidents.get.queryOptions({ incidentId: initial.id }, { initialData: initial, refetchInterval: 15_000 }),
  );
  const view = query.data;
  const onBoard = board.incidents.find((incident) => incident.id === view.id);
  const headSeq = Math.max(view.seq, onBoard?.seq ?? 0);
  const whyNot = mayCall("incidents.move", person.roles)
    ? null
    : "Your roles allow reading only. A responder, approver, security, compliance or admin can do this.";
  const readOnly = view.mergedInto !== null || view.state === "closed";
  const mayAct = whyNot === null && !readOnly;
  return (
    <div className={cn("flex flex-col gap-3", view.drill && "border-t-4 border-dashed border-border-strong pt-2")}>
      <IncidentHeader view={view} acts={acts} whyNot={whyNot} />
      {query.isError ? (
        <p role="status" className="rounded-md border border-dashed bg-muted px-3 py-1.5 text-xs">
          <strong>Stale.</strong> {reasonOf(query.error)}
        </p>
      ) : null}
      <nav aria-label="Parts of the incident" className="flex gap-1 lg:hidden">
        {tabs.map((part) => (
          <button
            key={part.id}
            type="button"
            aria-pressed={tab === part.id}
            onClick={() => setTab(part.id)}
            className={buttonStyle("outline", "md", cn("flex-1", tab === part.id && "border-accent bg-accent-soft"))}
          >
            {part.label}
          </button>
        ))}
      </nav>
      <div className={cn("lg:block", tab === "timeline" && "hidden")}>
        <IncidentMoves
          view={view}
          acts={acts}
          whyNot={whyNot}
          mayRestrict={mayCall("incidents.restrict", person.roles)}
        />
      </div>
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <section
          aria-label="Timeline and notes"
          className={cn(
            "flex h-[calc(100dvh-13rem)] min-h-96 min-w-0 flex-col rounded-lg border bg-card lg:sticky lg:top-[4.5rem] lg:flex lg:h-[calc(100dvh-14rem)]",
            tab !== "timeline" && "hidden",
          )}
        >
          <Timeline
            incidentId={view.id}
            headSeq={headSeq}
            entry={entry}
            onEntry={setEntry}
            mayPin={mayAct && mayCall("incidents.pin", person.roles)}
          />
          <div className="sticky bottom-14 z-10 rounded-b-lg bg-card md:bottom-0">
            {mayAct ? (
              <NoteBox incidentId={view.id} />
            ) : (
              <p className="border-t px-3 py-2 text-muted-foreground">
                {whyNot ??
                  (view.mergedInto === null
                    ? "It is closed: nothing can be added until it is reopened."
                    : "It was merged: write on the one it went into.")}
              </p>
            )}
          </div>
        </section>
        <div className={cn("min-w-0 flex-col gap-4 lg:flex", tab === "about" ? "flex" : "hidden")}>
          <RolesPanel view={view} acts={acts} mayAct={mayAct} />
          <SignalsPanel signals={view.signals} />
          <RunsPanel view={view} mayStart={mayAct && mayCall("playbooks.start", person.roles)} />
          <WatchesPanel incidentId={view.id} mayAct={mayAct} />
          <ApprovalsPanel incidentId={view.id} />
          <PreservedPanel incidentId={view.id} />
          <FilesPanel view={view} />
          <RecordPanel view={view} />
          <AboutPanel view={view} acts={acts} mayAct={mayAct} />
          {mayAct ? <MergeInto view={view} acts={acts} /> : null}
        </div>
      </div>
    </div>
  );
}
