/** Millisecond part of a Redis stream id ("1795465374026-0" → 1795465374026). */
export function idMillis(id: string): number {
  return Number(id.split("-")[0]);
}

/** Order of two stream ids: negative, zero or positive. Compared as integers: sequence numbers can exceed 2^53. */
export function compareIds(left: string, right: string): number {
  const [leftMs = "0", leftSeq = "0"] = left.split("-");
  const [rightMs = "0", rightSeq = "0"] = right.split("-");
  const a = BigInt(leftMs);
  const b = BigInt(rightMs);
  if (a !== b) return a < b ? -1 : 1;
  const c = BigInt(leftSeq);
  const d = BigInt(rightSeq);
  return c === d ? 0 : c < d ? -1 : 1;
}

const lastSequence = "18446744073709551615";

/** The id just before this one, for "from here on" with an exclusive start; "0-0" stays. */
export function idBefore(id: string): string {
  const [ms = "0", seq = "0"] = id.split("-");
  const sequence = BigInt(seq);
  if (sequence > 0n) return `${ms}-${sequence - 1n}`;
  const millis = BigInt(ms);
  return millis === 0n ? "0-0" : `${millis - 1n}-${lastSequence}`;
}
