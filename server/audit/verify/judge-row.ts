import { type Recovered, recoverContent } from "@/server/audit/verify/recover-content";
import { chainSeal, dataSignature, rebuiltData } from "@/server/audit/verify/seals";
import { ingestedAt, type StoredRow } from "@/server/audit/verify/stored-row";
import { changedColumns, type StreamCopy } from "@/server/audit/verify/stream-copy";

export const findings = [
  "content_mismatch",
  "column_changed",
  "not_provable",
  "row_deleted",
  "tail_truncated",
  "rewritten_without_key",
  "rewritten_with_key",
  "key_drift",
  "seal_changed",
  "reordered",
  "duplicate_seq",
  "forked",
  "retention_gap",
] as const;
export type FindingKind = (typeof findings)[number];

/** Who was heard on a row: its own columns, its seal, its rebuilt signature, the signed copy in the stream, its place in the chain, a head anchored earlier, where the chain began when this console looked earlier; an earlier check, where one of these is not heard any more. */
export type Witness = "row" | "seal" | "signature" | "stream" | "chain" | "anchor" | "beginning" | "earlier";

/** What one row says of itself, before its neighbours are looked at. */
export type RowVerdict = {
  readonly finding: FindingKind | null; // null: proved, by `witnesses`
  readonly columns: readonly string[];
  readonly witnesses: readonly Witness[];
  readonly hashStands: boolean; // its content_sha256 is the sealed one: the next row's link may be held against it
  readonly signature: "right" | "contradicts" | "unheard";
};

type Seal = "right" | "wrong" | "blank" | "unheard";

function sealOf(row: StoredRow, key: Buffer | null): Seal {
  if (key === null) return "unheard";
  if (row.chain_hmac === null || row.chain_hmac === "") return "blank";
  return chainSeal(key, row.content_sha256 ?? "", row.prev_content_sha256) === row.chain_hmac ? "right" : "wrong";
}

function signatureOf(row: StoredRow, recovered: Recovered, key: Buffer | null): RowVerdict["signature"] {
  if (key === null || recovered.kind !== "recovered" || !row.ingest_signature) return "unheard";
  const forms = rebuiltData(row, recovered.json, recovered.nanoseconds);
  return forms.some((data) => dataSignature(key, data) === row.ingest_signature) ? "right" : "contradicts";
}

/** What is known of seals before a row is looked at. A deployment may have had no key at first: its rows of that time carry none. */
export type Sealing = {
  readonly zone: boolean; // rows before it in its zone carry right seals
  readonly since: number | null; // when the first row with a right seal was ingested in any zone, epoch ms; null: none is known
};

export const noSealing: Sealing = { zone: false, since: null };

/** Whether the key was in use when a row came, so that its seal was blanked if it has none. */
const keyInUse = (row: StoredRow, { zone, since }: Sealing): boolean =>
  zone || (since !== null && (ingestedAt(row) ?? Number.NEGATIVE_INFINITY) >= since);

/**
 * Judges one row by itself and its signed stream copies (whose signatures were checked). The first that applies: a signed copy hashes to
 * its content_sha256, and then its columns agree or were changed; its columns give the hash or not; its seal is right or not; a copy or
 * the rebuilt signature contradicts it or not. A blank seal of a time when the key was in use was blanked; one from before it proves
 * nothing: with write access to the database anybody makes such a row. `key` null: no AUDIT_HMAC_KEY, or a wrong one: seals and
 * signatures are not heard.
 */
export function judgeRow(
  row: StoredRow,
  copies: readonly StreamCopy[],
  key: Buffer | null,
  sealing: Sealing,
): RowVerdict {
  const seal = sealOf(row, key);
  const sealBroken = seal === "wrong" || (seal === "blank" && keyInUse(row, sealing));
  const heardSeal: readonly Witness[] = seal === "right" ? ["seal"] : [];
  const verdict = (
    finding: FindingKind | null,
    columns: readonly string[],
    witnesses: readonly Witness[],
    hashStands: boolean,
    signature: RowVerdict["signature"] = "unheard",
  ): RowVerdict => ({ finding, columns, witnesses, hashStands, signature });

  const same = copies.find(({ content }) => content === row.content_sha256);
  if (same !== undefined) {
    const changed = changedColumns(row, same);
    if (changed.length > 0) return verdict("column_changed", changed, ["row", "stream"], true);
    if (sealBroken) return verdict("seal_changed", ["chain_hmac"], ["stream"], true);
    const resigned = Boolean(row.ingest_signature) && row.ingest_signature !== same.signature;
    if (resigned && !copies.some(({ signature }) => signature === row.ingest_signature))
      return verdict("seal_changed", ["ingest_signature"], ["stream"], true);
    return verdict(null, [], ["stream", ...heardSeal], true, row.ingest_signature ? "right" : "unheard");
  }

  const recovered = recoverContent(row);
  const [copy] = copies;
  if (copy !== undefined) {
    const changed = changedColumns(row, copy);
    if (recovered.kind === "unhashed" && changed.length === 0) return verdict("not_provable", [], ["stream"], false);
    if (recovered.kind === "recovered")
      return verdict(sealBroken ? "rewritten_without_key" : "rewritten_with_key", changed, ["row", "stream"], false);
    return verdict("column_changed", [...changed, "content_sha256"], ["row", "stream"], false);
  }
  if (recovered.kind === "unhashed") return verdict("not_provable", [], [], false);
  if (recovered.kind === "forms") return verdict("not_provable", [], [], true);
  if (recovered.kind === "mismatch") return verdict("content_mismatch", [], ["row"], seal === "right");
  const signature = signatureOf(row, recovered, key);
  if (sealBroken)
    return signature === "right" // nobody without the key signs what was rewritten: the content stands
      ? verdict("seal_changed", ["chain_hmac"], ["row", "signature"], true, signature)
      : verdict("rewritten_without_key", [], ["row", "seal"], false);
  if (seal === "blank" && sealing.since !== null && signature !== "right") return verdict("not_provable", [], [], true);
  const heardSignature: readonly Witness[] = signature === "right" ? ["signature"] : [];
  return verdict(null, [], ["row", ...heardSeal, ...heardSignature], true, signature);
}
