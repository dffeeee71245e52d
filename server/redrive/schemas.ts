import { z } from "zod";
import type { ReplayedMandate } from "@/server/caracal/streams/replayed-mandate";
import { idText, pageInput, writtenText } from "@/server/platform/page";
import { streamId, streamName } from "@/server/streams/schemas";

/** What a dead letter is. Only `missing` goes back, only `recorded` is retired as it is; the database holds to it too. */
export const letterClasses = [
  "security-signal",
  "conflict",
  "missing",
  "recorded",
  "bad-signature",
  "unreadable",
  "refused",
  "quarantined",
] as const;
export type LetterClass = (typeof letterClasses)[number];
/** What two people can have signed anew. The database holds to it too. */
export const signableClasses = [
  "bad-signature",
  "unreadable",
  "refused",
  "security-signal",
] as const satisfies readonly LetterClass[];

export const runStates = ["classifying", "planned", "running", "paused", "finished", "cancelled"] as const;
export type RunState = (typeof runStates)[number];
export const entryStates = ["listed", "waiting", "added", "confirmed", "retired", "failed"] as const;
export type EntryState = (typeof entryStates)[number];

export const mostRate = 100_000; // entries a second
const rate = z.number().int().min(1).max(mostRate).nullable(); // null: as fast as the target's readers allow

export const classifyInput = z.object({ stream: streamName, incidentId: z.uuid().nullish() });
export const runInput = z.object({ runId: z.uuid() });
export const listRunsInput = z.object({ stream: streamName.optional(), ...pageInput(100, 20) });
export const entriesOfRunInput = z.object({
  runId: z.uuid(),
  class: z.enum(letterClasses).optional(),
  state: z.enum(entryStates).optional(),
  cause: z.string().max(100).optional(),
  ...pageInput(200, 50),
});
export const entryHistoryInput = z.object({ stream: streamName, entryId: streamId });
export const startInput = z.object({
  runId: z.uuid(),
  classes: z
    .array(z.enum(["missing", "recorded"]))
    .min(1)
    .max(2),
  causes: z.array(z.string().min(1).max(100)).max(50).optional(), // none: every cause
  rate,
  canary: z.number().int().min(0).max(10_000),
  mostLag: z.number().int().min(1).max(1_000_000).default(5_000),
  mostFailures: z.number().int().min(1).max(100_000).default(5),
  incidentId: z.uuid().nullish(), // none: a P2 is declared
  reason: writtenText(500).min(4),
});
export const rateInput = z.object({ runId: z.uuid(), rate });
export const reSignInput = z.object({
  stream: idText,
  entryId: streamId,
  data: z.string().min(2).max(200_000).nullable(), // null: the bytes as they are, signed anew
});
export const discardInput = z.object({
  runId: z.uuid(),
  classes: z.array(z.enum(letterClasses)).min(1).max(letterClasses.length),
});

/** Who may download the originals of a list: they hold raw messages. */
export const mayReadOriginals = (roles: readonly string[]): boolean =>
  roles.some((role) => ["responder", "security", "compliance"].includes(role));

/** How many letters of a class came to be here by one cause, with a few of them. */
export type LetterGroup = {
  readonly class: LetterClass;
  readonly cause: string;
  readonly count: number;
  readonly chosen: number;
  readonly why: string; // of the first
  readonly examples: readonly string[]; // entry ids
};

export type RedriveRun = {
  readonly id: string;
  readonly kind: "redrive" | "re-sign" | "discard";
  readonly stream: string;
  readonly target: string;
  readonly state: RunState;
  readonly incidentId: string | null;
  readonly approvalId: string | null;
  readonly ofRun: string | null;
  readonly reason: string | null;
  readonly lastId: string;
  readonly leftOut: number;
  readonly entries: number;
  readonly archive: { readonly sha256: string; readonly bytes: number } | null;
  readonly exported: { readonly at: string; readonly by: string } | null;
  readonly chosen: number | null;
  readonly digest: string | null;
  readonly rate: number | null;
  readonly canary: number;
  readonly canaryPassed: boolean;
  readonly mostLag: number;
  readonly mostFailures: number;
  readonly pause: { readonly reason: string; readonly by: string | null } | null; // by null: the console itself
  readonly added: number;
  readonly addedAgain: number;
  readonly confirmed: number;
  readonly retired: number;
  readonly failed: number;
  readonly lag: number | null;
  readonly heldBack: string | null;
  readonly perSecond: number | null; // retired, since it was started
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly startedAt: string | null;
  readonly startedBy: string | null;
  readonly finishedAt: string | null;
  readonly cancelAsked: boolean;
  readonly error: string | null;
};

export type RedriveEntry = {
  readonly n: number;
  readonly entryId: string;
  readonly class: LetterClass;
  readonly cause: string;
  readonly why: string;
  readonly eventId: string | null;
  readonly subject: ReplayedMandate | null;
  readonly action: "redrive" | "retire" | "re-sign" | "discard" | null;
  readonly state: EntryState;
  readonly newId: string | null;
  readonly addedAt: string | null;
  readonly outcome: string | null;
};

/** What one run did with a letter, newest run first. */
export type EntryHistory = readonly (RedriveEntry & {
  readonly runId: string;
  readonly kind: RedriveRun["kind"];
  readonly at: string;
  readonly by: string;
  readonly original: string; // SHA-256 of the line that was kept
})[];
