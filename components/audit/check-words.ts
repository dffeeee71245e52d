import type { CheckTotals, CheckView } from "@/server/audit/checks/schemas";
import type { FindingKind, Witness } from "@/server/audit/verify/judge-row";

const number = (value: number) => value.toLocaleString("en-US");

/** What a finding says, in words. */
export const findingWords: Readonly<Record<FindingKind, string>> = {
  column_changed: "columns changed",
  content_mismatch: "content is not what was sealed",
  row_deleted: "row removed",
  tail_truncated: "cut off at the end",
  rewritten_without_key: "rewritten, without the key",
  rewritten_with_key: "rewritten, with the key",
  seal_changed: "seal, link or signature changed",
  reordered: "moved to another place",
  duplicate_seq: "a second row under one number",
  forked: "put in beside another row",
  not_provable: "not provable",
  key_drift: "sealed under another key",
  retention_gap: "earlier rows are gone, as by retention",
};

/** What somebody needed to do it. */
export const neededFor: Readonly<Record<FindingKind, string>> = {
  column_changed: "write access to the database",
  content_mismatch: "write access to the database",
  row_deleted: "write access to the database",
  tail_truncated: "write access to the database",
  rewritten_without_key: "write access to the database",
  rewritten_with_key: "write access and AUDIT_HMAC_KEY",
  seal_changed: "write access to the database",
  reordered: "write access to the database",
  duplicate_seq: "write access to the database",
  forked: "write access and AUDIT_HMAC_KEY",
  not_provable: "nothing: it says nothing",
  key_drift: "nothing: mend the key, check again",
  retention_gap: "nothing: partitions go by age",
};

export const witnessWords: Readonly<Record<Witness, string>> = {
  row: "the row's columns",
  seal: "its seal",
  signature: "its signature at ingest",
  stream: "the signed copy in the stream",
  chain: "its place in the chain",
  anchor: "a head anchored earlier",
};

/** What came of a check, in one sentence: whole, or how it is not. */
export function verdictOf({ rows, proved, tampered, removed, not_provable: unproved }: CheckTotals): string {
  const rest = unproved === 0 ? "" : `; ${number(unproved)} not provable`;
  if (tampered === 0 && removed === 0) return `Whole: ${number(proved)} of ${number(rows)} rows proved${rest}.`;
  return `Not whole: ${number(tampered)} ${tampered === 1 ? "row" : "rows"} tampered with, ${number(removed)} removed; ${number(proved)} of ${number(rows)} proved${rest}.`;
}

/** Where a check is, while it is not over. */
export function progressOf(check: Pick<CheckView, "state" | "phase" | "done" | "cancelAsked">): string {
  if (check.state === "queued") return "Waiting for its turn.";
  if (check.cancelAsked) return "Being stopped.";
  return `${check.phase.charAt(0).toUpperCase()}${check.phase.slice(1)}: ${number(check.done)} so far.`;
}
