import { areas, compress, initialState, lanes, memory } from "@/server/audit/verify/sha256-lanes";

const blockBytes = 64;
const tail = new Uint8Array(2 * blockBytes);
const tailView = new DataView(tail.buffer);

/** The same word in every lane. */
const splat = (area: number, word: number, value: number) =>
  memory.fill(value, area + word * lanes, area + (word + 1) * lanes);

/** The block of `bytes` that begins at `offset`, in every lane of `area`. */
function putBlock(area: number, bytes: DataView, offset: number): void {
  for (let word = 0; word < blockBytes / 4; word += 1) splat(area, word, bytes.getInt32(offset + word * 4));
}

/** Whether the state in a lane of `area` is `wanted`. */
function meets(area: number, lane: number, wanted: Int32Array): boolean {
  for (let word = 0; word < wanted.length; word += 1)
    if (memory[area + word * lanes + lane] !== wanted[word]) return false;
  return true;
}

/**
 * Finds the nanoseconds that microsecond storage dropped (contract section 4): the number from 0 to 999 that, written with three digits
 * after `prefix` (bytes), gives this SHA-256 (hex); null: none does. Hashing the whole text a thousand times costs more than everything
 * else of a row, so what comes before the digits is hashed once, and of the rest four endings at a time.
 */
export function findRemainder(prefix: Uint8Array, sha256: string): number | null {
  const wanted = Int32Array.from({ length: 8 }, (_, word) => Number.parseInt(sha256.slice(word * 8, word * 8 + 8), 16));
  const bytes = new DataView(prefix.buffer, prefix.byteOffset, prefix.length);
  const whole = prefix.length - (prefix.length % blockBytes);
  for (const [word, value] of initialState.entries()) splat(areas.before, word, value);
  for (let offset = 0; offset < whole; offset += blockBytes) {
    putBlock(areas.first, bytes, offset);
    compress(areas.first, areas.before, areas.before);
  }

  const rest = prefix.length - whole;
  const end = rest + 3;
  const blocks = end + 9 > blockBytes ? 2 : 1; // the mark and the length take nine bytes
  tail.fill(0);
  tail.set(prefix.subarray(whole));
  tail[end] = 0x80;
  tailView.setBigUint64(blocks * blockBytes - 8, BigInt(prefix.length + 3) * 8n);
  const firstVarying = rest >> 2;
  const lastVarying = (rest + 2) >> 2;
  const result = blocks === 1 ? areas.between : areas.after;
  putBlock(areas.first, tailView, 0);
  putBlock(areas.second, tailView, blockBytes);
  for (let remainder = 0; remainder < 1_000; remainder += lanes) {
    for (let lane = 0; lane < lanes; lane += 1) {
      const digits = remainder + lane;
      tail[rest] = 48 + Math.floor(digits / 100);
      tail[rest + 1] = 48 + (Math.floor(digits / 10) % 10);
      tail[rest + 2] = 48 + (digits % 10);
      for (let word = firstVarying; word <= lastVarying; word += 1) {
        // digits that reach over the end of the first block begin the second
        const [area, at] = word < 16 ? [areas.first, word] : [areas.second, word - 16];
        memory[area + at * lanes + lane] = tailView.getInt32(word * 4);
      }
    }
    compress(areas.first, areas.before, areas.between);
    if (blocks === 2) compress(areas.second, areas.between, areas.after);
    for (let lane = 0; lane < lanes; lane += 1) if (meets(result, lane, wanted)) return remainder + lane;
  }
  return null;
}
