import { CopyShelf } from "@/server/audit/verify/copy-shelf";
import { judgeRow, type RowVerdict } from "@/server/audit/verify/judge-row";
import type { StoredRow } from "@/server/audit/verify/stored-row";
import { readStreamCopy, type SignedCopy, type StreamCopy } from "@/server/audit/verify/stream-copy";

/** Rows to judge, as they cross to a worker thread and back. `sealed`: rows before the first one in its zone carry a right seal. */
export type PageToJudge = {
  readonly rows: readonly { readonly row: StoredRow; readonly copies: readonly SignedCopy[] }[];
  readonly shelf: string | null; // where their copies lie, when they are not given
  readonly key: Uint8Array | null;
  readonly sealed: boolean;
  readonly sealedSince: number | null; // in any zone, epoch ms of ingestion
};
export type JudgedPage = {
  readonly verdicts: readonly RowVerdict[]; // one for each row
  readonly sealed: boolean; // for the page after
};

let shelf: CopyShelf | null = null;

function shelfAt(path: string): CopyShelf {
  if (shelf?.path !== path) {
    shelf?.close();
    shelf = new CopyShelf(path);
  }
  return shelf;
}

/** Of the copies of an id those in the row's own zone, where there are any; only ones that are events. */
export function copiesHeard(row: StoredRow, copies: readonly SignedCopy[]): StreamCopy[] {
  const read = copies.flatMap(({ data, sig }) => readStreamCopy(data, sig) ?? []);
  const own = read.filter(({ columns }) => columns.zone_id === row.zone_id);
  return own.length > 0 ? own : read;
}

/** Judges each row by itself and its signed copies, in their order. */
export function judgePage({
  rows,
  shelf: path,
  key: bytes,
  sealed: before,
  sealedSince: since,
}: PageToJudge): JudgedPage {
  const key = bytes === null ? null : Buffer.from(bytes);
  let sealed = before;
  const verdicts = rows.map(({ row, copies }) => {
    const signed = path === null || key === null ? copies : shelfAt(path).find(row.id);
    const verdict = judgeRow(row, copiesHeard(row, signed), key, { zone: sealed, since });
    sealed ||= verdict.witnesses.includes("seal") && Boolean(row.chain_hmac);
    return verdict;
  });
  return { verdicts, sealed };
}
