import type { FindingKind } from "@/server/audit/verify/judge-row";

/** What somebody needed for it: write access to Caracal's database, the HMAC key too, nothing (it is no tampering); or it cannot be told whether it is any. */
export const neededForFinding: Readonly<Record<FindingKind, "database" | "key" | "nothing" | "unknown">> = {
  column_changed: "database",
  content_mismatch: "database",
  row_deleted: "database",
  tail_truncated: "database",
  rewritten_without_key: "database",
  rewritten_with_key: "key",
  seal_changed: "database",
  reordered: "database",
  duplicate_seq: "database",
  forked: "key",
  not_provable: "nothing",
  key_drift: "unknown",
  retention_gap: "unknown",
};
