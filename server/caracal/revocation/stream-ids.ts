/** Compares two stream ids (`milliseconds-sequence`) as Redis orders them: negative, zero or positive. */
export function compareStreamIds(left: string, right: string): number {
  const [leftMs = "0", leftSeq = "0"] = left.split("-");
  const [rightMs = "0", rightSeq = "0"] = right.split("-");
  const byTime = BigInt(leftMs) - BigInt(rightMs);
  const difference = byTime !== 0n ? byTime : BigInt(leftSeq) - BigInt(rightSeq);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** When an entry was added, by Redis's clock, in epoch milliseconds. */
export const timeOfStreamId = (id: string): number => Number(id.split("-")[0]);
