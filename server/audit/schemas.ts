import { z } from "zod";
import type { FindingKind, Witness } from "@/server/audit/verify/judge-row";
import type { Role } from "@/server/auth/roles";
import { idText, pageInput, plainText, writtenText } from "@/server/platform/page";

/** What a search asks: a window is mandatory, since audit_events is partitioned by occurred_at and nothing may scan it whole. */
export const auditQuestion = z.object({
  zoneId: idText.optional(),
  since: z.iso.datetime({ offset: true }),
  until: z.iso.datetime({ offset: true }),
  eventType: plainText(100).optional(),
  decision: plainText(40).optional(),
  evaluationStatus: plainText(100).optional(),
  resource: plainText(500).optional(),
  policySetId: plainText(200).optional(),
  policySetVersionId: plainText(200).optional(),
  policy: plainText(200).optional(),
  requestId: idText.optional(),
  text: plainText(200).min(2).optional(),
});
export type AuditQuestion = z.infer<typeof auditQuestion>;

/** At most 31 days, 24 h when text is searched. */
export const longestWindowHours = { plain: 31 * 24, text: 24 } as const;

export const searchAuditInput = auditQuestion.extend({
  direction: z.enum(["older", "newer"]).default("older"),
  /** Look longer than a first page does, for filters that no index covers. */
  deeper: z.boolean().default(false),
  ...pageInput(200, 50),
});
export type SearchAuditInput = z.infer<typeof searchAuditInput>;

export type AuditRow = {
  readonly id: string;
  readonly zoneId: string;
  readonly eventType: string;
  readonly requestId: string | null;
  readonly decision: string;
  readonly evaluationStatus: string | null;
  readonly policySetId: string | null;
  readonly policySetVersionId: string | null;
  readonly occurredAt: string; // ISO with microseconds, as stored
  readonly ingestedAt: string;
  readonly chainSeq: string | null; // bigint as text
  readonly resource: string | null; // redacted, as the three below
  readonly policies: string | null; // names of the determining policies
  readonly metadata: string | null; // on one line, cut; null also when it is large
  readonly large: boolean; // some of its JSON is too large for a list
};

export type AuditDetail = Omit<AuditRow, "resource" | "policies" | "large"> & {
  readonly manifestSha: string | null;
  readonly determiningPolicies: string | null; // jsonb as Postgres prints it, redacted
  readonly diagnostics: string | null;
  /** Where something is hidden in the three JSON columns, as paths. */
  readonly hidden: readonly string[];
  readonly contentSha256: string | null;
  readonly prevContentSha256: string | null;
  readonly chainHmac: string | null;
  readonly ingestSignature: string | null;
  /** Never a join: sessions of the zone whose created_at lies within ms of the event (contract section 4). */
  readonly likelySessions: readonly {
    readonly id: string;
    readonly subjectId: string;
    readonly type: string;
    readonly apartMs: number;
    readonly createdAt: string;
  }[];
  readonly likelySessionsNote: string; // what that search can and cannot find
  readonly sql: string; // the same by hand
};

/** Where a page begins: to be asked with `direction`. Null: there is nothing more at that end as far as is known. */
export type AuditPage = {
  readonly rows: readonly AuditRow[]; // newest first, whichever way was read
  readonly older: string | null;
  readonly newer: string | null;
  /** A look at events that no index led to stopped before the page was full; the cursor of its direction goes on from there. */
  readonly stopped: { readonly examined: number; readonly at: string } | null;
  readonly examined: number; // events looked at for this page
};

/** Without a time the newest event of the id: alerts name events without one. */
export const auditEventInput = z.object({ id: idText, occurredAt: z.iso.datetime({ offset: true }).optional() });
export const auditPlaceInput = z.object({ id: idText, occurredAt: z.iso.datetime({ offset: true }) });
export const auditTypesInput = z.object({ zoneId: idText.optional() }); // types and decisions that the last 7 days really have
export type AuditVocabulary = {
  readonly eventTypes: readonly string[];
  readonly decisions: readonly string[];
  readonly evaluationStatuses: readonly string[];
  /** Ids that events carry though Caracal has no such zone (at most 50). */
  readonly strangeZones: readonly string[];
};

export const revealInput = auditPlaceInput.extend({
  reason: writtenText(500).min(4),
  incidentId: z.uuid().optional(),
});
/** The three JSON columns exactly as Postgres prints them. */
export type RevealedEvent = {
  readonly determiningPolicies: string | null;
  readonly diagnostics: string | null;
  readonly metadata: string | null;
};

/** How many events a search is about, by estimate, and when they were. */
export type AuditOverview = {
  readonly estimate: number; // rows, by the planner's statistics
  readonly leftOut: readonly ("text" | "resource" | "policy")[]; // filters that the estimate knows nothing of
  readonly sql: string; // the same search by hand
  /** Null: too many zones to look at each. Text is never looked at here. */
  readonly histogram: {
    readonly bucketMs: number;
    readonly buckets: readonly {
      readonly since: string;
      readonly events: number;
      readonly how: "counted" | "estimated"; // estimated: from the newest events of the bucket and the planner's statistics
    }[];
  } | null;
};

/** `beyond retention`: nothing older is there; `end`: the chain begins or ends here. */
export type LinkVerdict = "holds" | "broken" | "missing" | "beyond retention" | "end";
export type NeighbourRow = {
  readonly id: string;
  readonly occurredAt: string;
  readonly chainSeq: number | null;
  readonly eventType: string;
  readonly decision: string | null;
};

/** What was proved of one event, and by whom. */
export type EventVerdict = {
  readonly finding: FindingKind | null; // null: nothing speaks against it
  readonly columns: readonly string[];
  readonly witnesses: readonly Witness[];
  readonly hash: "recovered" | "mismatch" | "forms" | "unhashed"; // rebuilt from its own columns
  readonly seal: "right" | "wrong" | "blank" | "unheard";
  readonly signature: "right" | "contradicts" | "unheard"; // rebuilt, or of the copy
  readonly keyDrift: boolean; // every seal near it fails: the key is another one (trap 18)
  readonly stream:
    | { readonly state: "no key" }
    | { readonly state: "unreachable" }
    | {
        readonly state: "found" | "not found";
        readonly entry: string | null;
        readonly looked: number; // entries
        readonly whole: boolean; // everything that the stream still has of that time was looked at
      };
  /** Columns that differ from the signed copy, JSON redacted. */
  readonly changed: readonly {
    readonly column: string;
    readonly stored: string | null;
    readonly signed: string | null;
  }[];
  readonly previous: { readonly link: LinkVerdict | null; readonly rows: readonly NeighbourRow[] };
  readonly next: { readonly link: LinkVerdict | null; readonly rows: readonly NeighbourRow[] };
};

/** `entry`: the stream's, where it is known; else it is looked for by when the id was made. */
export const signedCopyInput = z.object({
  eventId: idText,
  entry: z
    .string()
    .regex(/^\d{1,20}-\d{1,20}$/)
    .optional(),
});
/** What the stream's signed copy says of an event, its JSON redacted. */
export type SignedCopyView =
  | { readonly state: "no key" }
  | { readonly state: "unreachable" }
  | { readonly state: "not found"; readonly named: boolean; readonly looked: number; readonly whole: boolean }
  | {
      readonly state: "found";
      readonly entry: string;
      readonly columns: readonly { readonly column: string; readonly value: string | null }[];
      readonly hidden: readonly string[];
      readonly content: string; // content_sha256 of exactly what was signed
    };

/** A session's events by time alone: events carry no session (contract section 4). */
export type LikelyEventRow = Pick<
  AuditRow,
  "id" | "occurredAt" | "eventType" | "decision" | "evaluationStatus" | "resource" | "requestId"
> & { readonly apartMs: number };
export const likelyEventsInput = z.object({ sessionId: idText });

/** What an export may hold and cost, said before it is begun. */
export const exportBounds = { rows: 100_000, lookedAt: 2_000_000, minutes: 15 } as const;
export const auditExportRoles: readonly Role[] = ["responder", "approver", "security", "compliance", "admin"];
export const exportAuditInput = auditQuestion.extend({
  format: z.enum(["csv", "jsonl"]),
  /** With one, nothing is redacted. */
  reason: writtenText(500).min(4).optional(),
  incidentId: z.uuid().optional(),
});
