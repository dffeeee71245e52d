import type { Queryable } from "@/server/platform/postgres";
import type { Severity } from "@/server/platform/severity";

export const noticeKinds = [
  "incident-declared",
  "severity-raised",
  "incident-resolved",
  "clock-warning",
  "clock-breached",
  "approval-requested",
  "approval-decided",
  "mention",
  "zone-frozen",
  "zone-thawed",
  "break-glass",
  // queued by the planner itself, for channels that hold an open page
  "incident-acknowledged",
  "incident-ended",
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** What an incident is about beside its severity: decides which tiers hear of it. */
export type NoticeTag = "tamper" | "key-compromise" | "audit-loss";

export type Notice = {
  readonly key: string; // the same happening gives the same key: told once
  readonly kind: NoticeKind;
  readonly incidentId: string | null;
  readonly severity: Severity;
  readonly tags?: readonly NoticeTag[];
  readonly people?: readonly string[]; // ids told directly, beside the tiers
  readonly sentence: string; // one line; the planner leaves it out for restricted incidents
  readonly path: string; // page to open
};

/** Writes down, in the caller's transaction, that somebody has to be told. A key that is there already changes nothing. */
export async function queueNotice(tx: Queryable, notice: Notice): Promise<void> {
  await tx.query(
    `INSERT INTO notices (key, kind, incident_id, severity, tags, people, sentence, path)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (key) DO NOTHING`,
    [
      notice.key,
      notice.kind,
      notice.incidentId,
      notice.severity,
      notice.tags ?? [],
      notice.people ?? [],
      notice.sentence,
      notice.path,
    ],
  );
}
