"use client";

import { roleWords } from "@/components/incidents/incident-words";
import { PersonDialog } from "@/components/incidents/person-dialog";
import type { IncidentActs } from "@/components/incidents/use-incident-acts";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { incidentRoles, type IncidentView } from "@/server/incidents/schemas";

/** Who does what, since when, and who did before. */
export function RolesPanel({ view, acts, mayAct }: { view: IncidentView; acts: IncidentActs; mayAct: boolean }) {
  return (
    <Panel title="Roles">
      <ul>
        {incidentRoles.map((role) => {
          const held = view.roles.find((candidate) => candidate.role === role);
          return (
            <li key={role} className="flex items-center gap-2 border-b px-3 py-1.5 last:border-0">
              <div className="min-w-0 flex-1">
                <span className="font-medium">{roleWords[role].label}</span>{" "}
                <span className="text-xs text-muted-foreground">{roleWords[role].does}</span>
                <div className="truncate">
                  {held === undefined ? (
                    <span className="text-muted-foreground">Nobody</span>
                  ) : (
                    <>
                      {held.person.name}{" "}
                      <span className="text-xs text-muted-foreground">
                        since <TimeStamp at={held.since} show="time" />
                      </span>
                    </>
                  )}
                </div>
              </div>
              {mayAct ? (
                <PersonDialog
                  label={
                    <>
                      {held === undefined ? "Assign" : "Hand over"}
                      <span className="sr-only"> {roleWords[role].label}</span>
                    </>
                  }
                  title={`${roleWords[role].label}: who ${roleWords[role].does}?`}
                  description={
                    held === undefined
                      ? "They become a responder of this incident too."
                      : `${held.person.name} holds it now; the time of the handover is recorded.`
                  }
                  nobody={held === undefined ? undefined : "Leave it to nobody"}
                  onChoose={(personId) => acts.setRole(role, personId)}
                />
              ) : null}
            </li>
          );
        })}
      </ul>
      {view.roleHistory.length > 0 ? (
        <details className="border-t px-3 py-1.5 text-xs text-muted-foreground">
          <summary className="cursor-pointer">Handed over {view.roleHistory.length} times</summary>
          <ul className="mt-1">
            {view.roleHistory.map((item) => (
              <li key={`${item.role} ${item.since}`}>
                {roleWords[item.role].label}: {item.person.name}, <TimeStamp at={item.since} show="time" /> to{" "}
                <TimeStamp at={item.until} show="time" />
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </Panel>
  );
}
