import type { CheckTotals, CheckView } from "@/server/audit/checks/schemas";
import type { FindingKind, Witness } from "@/server/audit/verify/judge-row";

const number = (value: number) => value.toLocaleString("en-US");

/** What a kind of finding says, in words. */
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
  key_drift: "every seal fails under this key",
  retention_gap: "rows are gone, by retention or deleted",
};

type Told = { readonly finding: FindingKind; readonly witnesses: readonly Witness[] };
/** Whether it is known that rows went with their partition. */
const wentWithPartition = ({ finding, witnesses }: Told): boolean =>
  finding === "retention_gap" && (witnesses.includes("beginning") || witnesses.includes("stream"));

/** What one finding says, in words. */
export const findingSentence = (found: Told): string =>
  wentWithPartition(found) ? "rows went with their partition, as by retention" : findingWords[found.finding];

/** What somebody needed to do it. */
export const neededWords: Readonly<Record<"database" | "key" | "nothing" | "unknown", string>> = {
  database: "write access to the database",
  key: "write access and AUDIT_HMAC_KEY",
  nothing: "nothing: it is no tampering",
  unknown: "cannot be told",
};
const neededFor: Readonly<Record<FindingKind, string>> = {
  column_changed: neededWords.database,
  content_mismatch: neededWords.database,
  row_deleted: neededWords.database,
  tail_truncated: neededWords.database,
  rewritten_without_key: neededWords.database,
  rewritten_with_key: neededWords.key,
  seal_changed: neededWords.database,
  reordered: neededWords.database,
  duplicate_seq: neededWords.database,
  forked: neededWords.key,
  not_provable: "nothing: it says nothing",
  key_drift: "nothing if the key is another one: compare it, check again",
  retention_gap: "nothing if it was retention: no earlier reading reaches back there",
};

/** What somebody needed for what was found. */
export const neededOf = (found: Told): string =>
  wentWithPartition(found) ? "nothing: partitions go by age" : neededFor[found.finding];

/** From one seq to another. */
export const rangeWords = (from: number | null, to: number | null): string =>
  from === null ? "none" : to === null || to === from ? number(from) : `${number(from)} to ${number(to)}`;

/** What a check looks at. */
export function scopeWords({ scope, window, scheduled }: Pick<CheckView, "scope" | "window" | "scheduled">): string {
  const what =
    scope === "full"
      ? "whole chain"
      : scope === "new"
        ? "what is new"
        : `window from ${window?.from ?? ""} to ${window?.to ?? "its end"}`;
  return scheduled ? `${what}, by the schedule` : what;
}

export const witnessWords: Readonly<Record<Witness, string>> = {
  row: "the row's columns",
  seal: "its seal",
  signature: "its signature at ingest",
  stream: "the signed copy in the stream",
  chain: "its place in the chain",
  anchor: "a head anchored earlier",
  earlier: "an earlier check, whose witness is not heard any more",
  beginning: "where the chain began when it was read earlier",
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
