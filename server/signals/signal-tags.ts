import type { NoticeTag } from "@/server/notifications/queue-notice";

/** What the rules of detection mean for who is told. */
const tagsByRule: Readonly<Record<string, readonly NoticeTag[]>> = {
  "chain-break": ["tamper"],
  "chain-not-whole": ["tamper"],
  "archive-contradicts": ["tamper"],
  "archive-not-whole": ["tamper"],
  "ingest-alert": ["tamper"],
  "jwks-differs": ["key-compromise"],
  "audit-dropped": ["audit-loss"],
  "lost-entries": ["audit-loss"],
  "audit-spool": ["audit-loss"],
};

/** What a signal of this rule is about, for the rules of escalation; nothing for most. */
export const tagsOf = (rule: string): readonly NoticeTag[] => tagsByRule[rule] ?? [];
