/** A Redis stream id as two integers; the sequence part may pass 2^53, so both are bigint. */
export type StreamId = { readonly ms: bigint; readonly seq: bigint };

const largest = 2n ** 64n - 1n;

/** Reads `ms-seq` (or a bare `ms`, as Redis does); null for anything else. */
export function parseStreamId(text: string): StreamId | null {
  const match = /^(\d{1,20})(?:-(\d{1,20}))?$/.exec(text);
  if (match === null) return null;
  const ms = BigInt(match[1] ?? "0");
  const seq = BigInt(match[2] ?? "0");
  return ms > largest || seq > largest ? null : { ms, seq };
}

/** Negative, zero or positive, as stream order goes. Text that is no id sorts before every id. */
export function compareStreamIds(a: string, b: string): number {
  const left = parseStreamId(a);
  const right = parseStreamId(b);
  if (left === null || right === null) return Number(left !== null) - Number(right !== null);
  if (left.ms !== right.ms) return left.ms < right.ms ? -1 : 1;
  if (left.seq !== right.seq) return left.seq < right.seq ? -1 : 1;
  return 0;
}

/** The id just before this one; null for 0-0 and for text that is no id. */
export function predecessor(text: string): string | null {
  const id = parseStreamId(text);
  if (id === null || (id.ms === 0n && id.seq === 0n)) return null;
  return id.seq > 0n ? `${id.ms}-${id.seq - 1n}` : `${id.ms - 1n}-${largest}`;
}

/** When the entry was added, epoch ms, as the id says (Redis's clock); null when it cannot be a time. */
export function streamIdTime(text: string): number | null {
  const id = parseStreamId(text);
  return id === null || id.ms > 8_640_000_000_000_000n ? null : Number(id.ms);
}
