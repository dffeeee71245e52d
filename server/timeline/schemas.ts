import { z } from "zod";
import { plainText } from "@/server/platform/page";

/** A figure as it was read: cited with its source and time, so that an auditor gets what the operator saw (law 7). */
export type Figure = {
  readonly name: string;
  readonly value: number | string | null;
  readonly unit?: string;
  readonly source: string;
  readonly at?: string;
};

/** What an entry may carry beside its sentence. Parameters come from an allow-list at the place of writing; never a secret. */
export type EntryDetails = {
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly figures?: readonly Figure[];
  /** Things to open: { run: id, approval: id, signal: key, file: id, notification: id, seq: another entry } */
  readonly refs?: Readonly<Record<string, string | number>>;
  readonly mentions?: readonly { readonly id: string; readonly name: string }[];
};

/** Families of entry kinds, the part before the dot: what the timeline filters by. */
export const entryFamilies = [
  "incident",
  "signal",
  "note",
  "playbook",
  "approval",
  "brake",
  "stream",
  "notification",
  "clock",
  "export",
  "post-mortem",
  "view",
  "access",
] as const;
export type EntryFamily = (typeof entryFamilies)[number];

export type TimelineEntry = {
  readonly seq: number;
  readonly at: string; // ISO, microseconds, database clock
  readonly kind: string;
  readonly actor: { readonly id: string | null; readonly name: string; readonly roles: readonly string[] };
  readonly address: string | null;
  readonly requestId: string | null;
  readonly summary: string;
  readonly details: EntryDetails;
  readonly hash: string;
  readonly pinned: boolean;
};

export const timelineInput = z.object({
  incidentId: z.uuid(),
  /** Entries before this seq (older); null: the newest page. With `after` instead: entries after it, oldest first. */
  before: z.number().int().min(1).nullish(),
  after: z.number().int().min(0).nullish(),
  families: z.array(z.enum(entryFamilies)).max(entryFamilies.length).default([]),
  text: plainText(100).default(""),
  pinnedOnly: z.boolean().default(false),
  limit: z.number().int().min(1).max(200).default(100),
});

/** Always oldest first within the page. `older` and `newer` are the seqs to ask on from; null at that end. */
export type TimelinePage = {
  readonly entries: readonly TimelineEntry[];
  readonly older: number | null;
  readonly newer: number | null;
  readonly head: { readonly seq: number; readonly hash: string };
};

/** What verifying a chain found. `firstBad` is the first entry that does not hold, and why in words. */
export type ChainVerdict = {
  readonly whole: boolean;
  readonly entries: number;
  readonly head: { readonly seq: number; readonly hash: string };
  readonly firstBad: { readonly seq: number; readonly problem: string } | null;
  /** Heads kept outside that were compared; null: the console is not set up to keep any. */
  readonly outsideHeads: {
    readonly checked: number;
    readonly source: string;
    readonly lastWrittenAt: string | null; // of this chain; null: not yet
    readonly problem: string | null; // why they cannot be read or written just now, or what is wrong with them
  } | null;
  readonly checkedAt: string;
  readonly tookMs: number;
};
