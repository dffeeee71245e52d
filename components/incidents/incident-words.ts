import type { EntryFamily } from "@/server/timeline/schemas";
import type { IncidentEvent, IncidentRole, IncidentState } from "@/server/incidents/schemas";

/** As people say it aloud and search for it. */
export const incidentName = (number: number): string => `INC-${number}`;
/** What somebody calls the incident that another was merged into; one that they may not see is not named. */
export const mergedName = ({ number }: { readonly number: number | null }): string =>
  number === null ? "an incident that is not open to you" : incidentName(number);
export const incidentHref = (id: string): string => `/incidents/${id}`;
export const entryHref = (id: string, seq: number): string => `/incidents/${id}?entry=${seq}`;

export const stateWords: Readonly<Record<IncidentState, string>> = {
  declared: "Declared",
  contained: "Contained",
  recovered: "Recovered",
  resolved: "Resolved",
  closed: "Closed",
  reopened: "Reopened",
};

export const eventWords: Readonly<Record<IncidentEvent, { readonly act: string; readonly means: string }>> = {
  contain: { act: "Mark contained", means: "It can no longer spread. What is broken may still be broken." },
  recover: { act: "Mark recovered", means: "Services work as before. The cause may still be unknown." },
  resolve: { act: "Resolve", means: "The cause is gone. A P1 now owes a post-mortem within 48 hours." },
  close: { act: "Close incident", means: "The record is finished: nothing can be added until it is reopened." },
  reopen: { act: "Reopen", means: "It is not over. The clocks run again." },
};

export const roleWords: Readonly<Record<IncidentRole, { readonly label: string; readonly does: string }>> = {
  lead: { label: "Lead", does: "decides and speaks for the incident" },
  driver: { label: "Driver", does: "does the steps" },
  reviewer: { label: "Reviewer", does: "checks each act before it is done" },
  scribe: { label: "Scribe", does: "keeps the notes" },
};

export const familyWords: Readonly<Record<EntryFamily, string>> = {
  incident: "Incident",
  signal: "Signals",
  note: "Notes",
  playbook: "Playbooks",
  approval: "Approvals",
  brake: "Brakes",
  stream: "Streams",
  notification: "Notifications",
  clock: "Clocks",
  export: "Exports",
  "post-mortem": "Post-mortem",
  view: "Views",
  access: "Access",
};

export const originWords: Readonly<Record<string, string>> = {
  "by-hand": "declared by hand",
  signal: "declared from a signal",
  automatic: "declared automatically by a P1 signal",
  playbook: "declared by starting a playbook",
  "break-glass": "declared by break-glass",
  alertmanager: "declared by an alert from outside",
};
