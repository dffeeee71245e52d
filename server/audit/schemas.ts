import { z } from "zod";
import { idText, pageInput, plainText } from "@/server/platform/page";

/** A window is mandatory: audit_events is partitioned by occurred_at and nothing may scan it whole. At most 31 days, 24 h when text is searched. */
export const searchAuditInput = z.object({
  zoneId: idText.optional(),
  since: z.iso.datetime({ offset: true }),
  until: z.iso.datetime({ offset: true }),
  eventType: plainText(100).optional(),
  decision: plainText(40).optional(),
  evaluationStatus: plainText(100).optional(),
  requestId: idText.optional(),
  text: plainText(200).min(2).optional(),
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
  readonly occurredAt: string; // ISO with microseconds, as stored
  readonly ingestedAt: string;
  readonly chainSeq: string | null; // bigint as text
};

export type AuditDetail = AuditRow & {
  readonly policySetId: string | null;
  readonly policySetVersionId: string | null;
  readonly manifestSha: string | null;
  readonly determiningPolicies: string | null; // jsonb as Postgres prints it
  readonly diagnostics: string | null;
  readonly metadata: string | null;
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
};

/** Search answer. `scannedUntil` says how far the bounded text search got when it stopped before the window's end. */
export type AuditPage = {
  readonly rows: readonly AuditRow[];
  readonly nextCursor: string | null;
  readonly scannedUntil: string | null;
};

export const auditEventInput = z.object({ id: idText, occurredAt: z.iso.datetime({ offset: true }) });
export const auditTypesInput = z.object({ zoneId: idText.optional() }); // types and decisions that the last 7 days really have
export type AuditVocabulary = {
  readonly eventTypes: readonly string[];
  readonly decisions: readonly string[];
  readonly evaluationStatuses: readonly string[];
};
