import { z } from "zod";
import type { May, PersonRef } from "@/server/incidents/schemas";
import { pageInput, plainText, writtenText } from "@/server/platform/page";
import type { Severity } from "@/server/platform/severity";
import type { Figure } from "@/server/timeline/schemas";

/** The parts that people write. Each starts as a draft made from the record and is theirs once they change it. */
export const postMortemSections = ["summary", "impact", "detection", "response", "cause", "lessons"] as const;
export type PostMortemSection = (typeof postMortemSections)[number];

const on = { incidentId: z.uuid() };
export const postMortemInput = z.object(on);
export const savePostMortemInput = z.object({
  ...on,
  revision: z.number().int().min(0), // of what the editor started from; 0: nothing was saved yet
  /** null gives the section back to the draft. */
  sections: z.partialRecord(z.enum(postMortemSections), writtenText(20_000).nullable()),
});
export const signPostMortemInput = z.object({
  ...on,
  revision: z.number().int().min(1),
  digest: z.string().regex(/^[0-9a-f]{64}$/), // of the text on the screen
});
const followUp = {
  title: plainText(200).min(4),
  ownerId: z.uuid().nullable(),
  dueOn: z.iso.date().nullable(),
};
export const addFollowUpInput = z.object({ ...on, ...followUp });
export const changeFollowUpInput = z.object({
  followUpId: z.uuid(),
  ...followUp,
  state: z.enum(["open", "done", "dropped"]),
});
export const listPostMortemsInput = z.object({ ...pageInput(100, 30) });

export type FollowUp = {
  readonly id: string;
  readonly title: string;
  readonly owner: PersonRef | null;
  readonly dueOn: string | null; // YYYY-MM-DD
  readonly state: "open" | "done" | "dropped";
};

/** A figure that the incident watched, from its first to its last sample. */
export type WatchedFigure = {
  readonly label: string;
  readonly from: string | null; // null: nothing was sampled
  readonly until: string | null;
  readonly first: number | null;
  readonly lowest: number | null;
  readonly highest: number | null;
  readonly last: number | null;
};

/** What was measured, for the text and beside it; each with where it was read from. */
export type PostMortemFigures = {
  readonly figures: readonly Figure[];
  readonly outages: readonly {
    readonly what: string;
    readonly from: string;
    readonly until: string | null;
    readonly severity: Severity;
  }[];
  readonly proofs: readonly {
    readonly runId: string;
    readonly title: string;
    readonly state: string;
    readonly summary: string;
    readonly observedAt: string | null;
  }[];
  readonly approvals: readonly {
    readonly id: string;
    readonly label: string;
    readonly state: string;
    readonly requester: string;
    readonly voters: readonly string[];
    readonly digest: string;
  }[];
  readonly responders: readonly {
    readonly name: string;
    readonly roles: readonly string[];
    readonly entries: number;
  }[];
  readonly watched: readonly WatchedFigure[]; // up to the resolution
  readonly milestones: readonly { readonly at: string; readonly seq: number; readonly summary: string }[]; // at most 100
};

export type PostMortemView = {
  readonly incident: {
    readonly id: string;
    readonly number: number;
    readonly title: string;
    readonly severity: Severity;
    readonly state: string;
    readonly restricted: boolean;
    readonly drill: boolean;
  };
  readonly revision: number; // 0: nobody has written anything yet
  readonly updatedAt: string | null;
  readonly updatedBy: string | null;
  readonly sections: readonly {
    readonly name: PostMortemSection;
    readonly title: string;
    readonly text: string;
    readonly draft: string;
    readonly written: boolean; // by a person, not by the draft
  }[];
  readonly measured: PostMortemFigures;
  readonly followUps: readonly FollowUp[];
  readonly digest: string; // SHA-256 of the rendered document
  readonly signatures: readonly { readonly person: PersonRef; readonly signedAt: string }[]; // of this revision
  readonly signedOff: boolean;
  readonly may: { readonly edit: May; readonly sign: May };
};

export type PostMortemSummary = {
  readonly incident: PostMortemView["incident"];
  readonly state: "missing" | "draft" | "signed-off";
  readonly dueAt: string | null;
  readonly detectSeconds: number | null; // began → declared
  readonly containSeconds: number | null; // declared → contained
  readonly recoverSeconds: number | null; // declared → recovered
  readonly declaredAt: string;
  readonly openFollowUps: number;
};
/** Counts and medians per calendar month (UTC), newest first, drills left out. */
export type MonthFigures = {
  readonly month: string; // YYYY-MM
  readonly incidents: Readonly<Record<Severity, number>>;
  readonly medianDetectSeconds: number | null;
  readonly medianContainSeconds: number | null;
  readonly medianRecoverSeconds: number | null;
};
