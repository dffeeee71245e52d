import { z } from "zod";
import { idText, pageInput, plainText, writtenText } from "@/server/platform/page";
import type { Severity } from "@/server/platform/severity";

export const incidentStates = ["declared", "contained", "recovered", "resolved", "closed", "reopened"] as const;
export type IncidentState = (typeof incidentStates)[number];
export const incidentEvents = ["contain", "recover", "resolve", "close", "reopen"] as const;
export type IncidentEvent = (typeof incidentEvents)[number];
export const incidentRoles = ["lead", "driver", "reviewer", "scribe"] as const;
export type IncidentRole = (typeof incidentRoles)[number];
export const severities = ["P1", "P2", "P3", "P4"] as const;

const on = { incidentId: z.uuid() };
const reason = writtenText(500).min(4);
export const incidentInput = z.object(on);
export const listIncidentsInput = z.object({
  ...pageInput(100, 30),
  show: z.enum(["open", "closed", "all"]).default("open"),
  severities: z.array(z.enum(severities)).max(4).default([]),
  text: plainText(100).default(""), // in the title, or INC-14
});
export const declareIncidentInput = z.object({
  title: plainText(200).min(4),
  severity: z.enum(severities),
  restricted: z.boolean().default(false),
  drill: z.boolean().default(false),
  zoneIds: z.array(idText).max(50).default([]),
  signalKey: plainText(300).min(1).nullish(), // declared from this open signal
  note: writtenText(4_000).default(""),
});
export const changeSeverityInput = z.object({ ...on, severity: z.enum(severities), reason });
export const moveIncidentInput = z.object({ ...on, event: z.enum(incidentEvents), reason });
export const restrictInput = z.object({ ...on, restricted: z.boolean(), reason });
export const setRoleInput = z.object({ ...on, role: z.enum(incidentRoles), personId: z.uuid().nullable() }); // null: nobody
export const memberInput = z.object({ ...on, personId: z.uuid() });
export const mergeInput = z.object({ ...on, intoId: z.uuid(), reason });
export const linkInput = z.object({ ...on, kind: z.enum(["zone", "service"]), ref: idText });
export const noteInput = z.object({ ...on, text: writtenText(4_000).min(1), isUpdate: z.boolean().default(false) }); // an update meets the clock
export const pinInput = z.object({ ...on, seq: z.number().int().min(1), pinned: z.boolean() });
export const ackIncidentInput = z.object({ ...on, comment: writtenText(500).default("") });
export const ackSignalInput = z.object({ key: plainText(300).min(1), comment: writtenText(500).default("") });
export const snoozeSignalInput = z.object({
  key: plainText(300).min(1),
  minutes: z.number().int().min(5).max(1_440),
  reason,
});
export const peopleInput = z.object({ text: plainText(100).default("") });

export type PersonRef = { readonly id: string; readonly name: string };
export type IncidentClock = {
  readonly kind: "update" | "post-mortem";
  readonly dueAt: string;
  readonly warnAt: string;
  readonly state: "running" | "warned" | "breached" | "met";
};

/** One row of the list, the strip and the live board. */
export type IncidentSummary = {
  readonly id: string;
  readonly number: number; // shown as INC-14
  readonly title: string;
  readonly severity: Severity;
  readonly state: IncidentState;
  readonly restricted: boolean;
  readonly drill: boolean;
  readonly declaredAt: string;
  readonly updatedAt: string;
  readonly lead: PersonRef | null;
  readonly nextClock: IncidentClock | null;
  readonly openSignals: number;
  /** Merged into which one; nulls for one that the viewer may not see. */
  readonly mergedInto:
    | { readonly id: string; readonly number: number }
    | { readonly id: null; readonly number: null }
    | null;
  readonly acknowledged: boolean;
  readonly seq: number; // of the newest timeline entry: changes whenever anything does
};

export type IncidentSignal = {
  readonly key: string;
  readonly rule: string;
  readonly severity: Severity;
  readonly sentence: string;
  readonly beganAt: string;
  readonly firedAt: string;
  readonly clearedAt: string | null;
  readonly ackedBy: string | null;
  readonly readings: readonly (readonly [at: string, value: number | null])[]; // first numeric figure over time, at most 60
  readonly figures: readonly {
    readonly name: string;
    readonly value: number | string;
    readonly unit?: string;
    readonly source: string;
  }[];
};

/** Whether the viewer may do an act now; `why` says why not, in words. */
export type May = { readonly allowed: boolean; readonly why: string | null };

export type IncidentView = IncidentSummary & {
  readonly origin: string;
  readonly declaredBy: PersonRef | { readonly id: null; readonly name: string };
  readonly beganAt: string;
  readonly times: Readonly<Partial<Record<"contained" | "recovered" | "resolved" | "closed", string>>>;
  readonly acknowledgedAt: string | null;
  readonly roles: readonly { readonly role: IncidentRole; readonly person: PersonRef; readonly since: string }[];
  readonly roleHistory: readonly {
    readonly role: IncidentRole;
    readonly person: PersonRef;
    readonly since: string;
    readonly until: string;
  }[];
  readonly members: readonly PersonRef[];
  readonly links: readonly { readonly kind: "zone" | "service"; readonly ref: string; readonly label: string }[];
  readonly signals: readonly IncidentSignal[];
  readonly runs: readonly {
    readonly id: string;
    readonly title: string;
    readonly state: string;
    readonly driver: string;
  }[];
  readonly files: readonly {
    readonly id: string;
    readonly name: string;
    readonly mediaType: string;
    readonly size: number;
    readonly sha256: string;
    readonly addedBy: string;
    readonly addedAt: string;
  }[];
  readonly clocks: readonly IncidentClock[];
  readonly merged: readonly { readonly id: string; readonly number: number; readonly title: string }[]; // into this one
  readonly events: Readonly<Record<IncidentEvent, May>>; // lifecycle buttons; why a P1 cannot close yet
  readonly closeBlockers: readonly string[];
};

/** What every live viewer is told about incidents and approvals; filtered by what that viewer may see. */
export type Board = {
  readonly incidents: readonly IncidentSummary[]; // open, worst first, at most 50
  readonly approvals: readonly {
    readonly id: string;
    readonly action: string;
    readonly incidentId: string | null;
    readonly requesterId: string;
    readonly revision: number;
    readonly state: string;
    readonly expiresAt: string;
  }[]; // pending and approved, at most 50
};
