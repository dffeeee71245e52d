/**
 * SHA-256 of four blocks at once. Finding the nanoseconds of a row means hashing a thousand endings of one text; vector instructions
 * take four of them for little more than the price of one, and JavaScript reaches those through WebAssembly only. The module is one
 * function without branches, so it is written out here, round by round, instead of being compiled from another language.
 */

/** Words are 32 bits; a lane is one of the four blocks. Word `w` of lane `l` of an area is at `area + 4 * w + l`. */
export const lanes = 4;
const blockWords = 16;
const stateWords = 8;
const roundCount = 64;
const vectorBytes = 16;

/** Where areas begin in `memory`, in words: two blocks of four lanes, and states to go from and to. */
export const areas = {
  first: 0,
  second: blockWords * lanes,
  before: 2 * blockWords * lanes,
  between: (2 * blockWords + stateWords) * lanes,
  after: (2 * blockWords + 2 * stateWords) * lanes,
} as const;

/** The first 32 bits of the fractional parts of roots of the first primes (FIPS 180-4, 4.2.2: cube; 5.3.3: square). */
function rootsOfPrimes(count: number, root: (prime: number) => number): Int32Array {
  const words: number[] = [];
  for (let candidate = 2; words.length < count; candidate += 1) {
    let prime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor += 1) if (candidate % divisor === 0) prime = false;
    if (prime) words.push(((root(candidate) % 1) * 0x1_0000_0000) | 0);
  }
  return Int32Array.from(words);
}
const roundConstants = rootsOfPrimes(roundCount, Math.cbrt);
/** What the first block of a message begins with. */
export const initialState = rootsOfPrimes(stateWords, Math.sqrt);

type Code = readonly number[];

const unsigned = (value: number): Code => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]);
/** Shifts are by 3 to 30, which fit one byte of the signed form. */
const shiftBy = (bits: number): Code => [0x41, bits];
const sized = (content: Code): Code => [...unsigned(content.length), ...content];
const section = (id: number, content: Code): Code => [id, ...sized(content)];
const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const text = (value: string): Code => sized([...Buffer.from(value)]);

const get = (local: number): Code => [0x20, ...unsigned(local)];
const set = (local: number): Code => [0x21, ...unsigned(local)];
const vector = (instruction: number): Code => [0xfd, ...unsigned(instruction)];
const load = (pointer: number, word: number): Code => [
  ...get(pointer),
  ...vector(0x00),
  4,
  ...unsigned(word * vectorBytes),
];
const store = (pointer: number, word: number, value: Code): Code => [
  ...get(pointer),
  ...value,
  ...vector(0x0b),
  4,
  ...unsigned(word * vectorBytes),
];
const constant = (word: number): Code => {
  const bytes = [word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24];
  return [...vector(0x0c), ...bytes, ...bytes, ...bytes, ...bytes];
};
/** Values one after another, from the second on each followed by what joins it to those before. */
const joined = (values: readonly Code[], join: Code): Code =>
  values.flatMap((value, nth) => (nth === 0 ? value : [...value, ...join]));
const xor = (...values: readonly Code[]): Code => joined(values, vector(0x51));
const add = (...values: readonly Code[]): Code => joined(values, vector(0xae));
/** Bits of `ones` where `mask` has ones, of `zeros` elsewhere. */
const select = (ones: Code, zeros: Code, mask: Code): Code => [...ones, ...zeros, ...mask, ...vector(0x52)];
const shiftRight = (value: Code, bits: number): Code => [...value, ...shiftBy(bits), ...vector(0xad)];
const rotateRight = (value: Code, bits: number): Code => [
  ...shiftRight(value, bits),
  ...value,
  ...shiftBy(32 - bits),
  ...vector(0xab),
  ...vector(0x50),
];

/** Locals: three pointers given, eight working variables, the last sixteen words of the schedule. */
const pointers = { block: 0, from: 1, to: 2 } as const;
const variable = (nth: number) => 3 + (nth % stateWords);
const word = (nth: number) => 3 + stateWords + (nth % blockWords);

/** One round (FIPS 180-4, 6.2.2). Variables do not move: which local is `a` goes down by one each round. */
function round(t: number): Code {
  const [a, b, c, d, e, f, g, h] = Array.from({ length: stateWords }, (_, nth) => variable(nth + roundCount - t)) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const schedule = (): Code => {
    if (t < blockWords) return [...load(pointers.block, t), ...set(word(t))];
    const [early, late] = [get(word(t - 15)), get(word(t - 2))];
    const s0 = xor(rotateRight(early, 7), rotateRight(early, 18), shiftRight(early, 3));
    const s1 = xor(rotateRight(late, 17), rotateRight(late, 19), shiftRight(late, 10));
    return [...add(get(word(t - 16)), s0, get(word(t - 7)), s1), ...set(word(t))];
  };
  const s1 = xor(rotateRight(get(e), 6), rotateRight(get(e), 11), rotateRight(get(e), 25));
  const s0 = xor(rotateRight(get(a), 2), rotateRight(get(a), 13), rotateRight(get(a), 22));
  const choice = select(get(f), get(g), get(e));
  const majority = select(get(c), get(b), xor(get(a), get(b)));
  return [
    ...schedule(),
    ...add(get(h), s1, choice, constant(roundConstants[t] as number), get(word(t))),
    ...set(h), // what is added to d, and to the other half for the new a
    ...add(get(d), get(h)),
    ...set(d),
    ...add(get(h), s0, majority),
    ...set(h),
  ];
}

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const [i32, v128] = [0x7f, 0x7b];
  const eight = Array.from({ length: stateWords }, (_, nth) => nth);
  const body: Code = [
    ...list([[...unsigned(stateWords + blockWords), v128]]),
    ...eight.flatMap((nth) => [...load(pointers.from, nth), ...set(variable(nth))]),
    ...Array.from({ length: roundCount }, (_, t) => round(t)).flat(),
    ...eight.flatMap((nth) => store(pointers.to, nth, add(get(variable(nth)), load(pointers.from, nth)))),
    0x0b,
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, list([[0x60, ...list([[i32], [i32], [i32]]), ...list([])]])), // a type: three pointers, no result
    ...section(3, list([[0]])), // one function of it
    ...section(5, list([[0x00, 1]])), // one page of memory
    ...section(
      7,
      list([
        [...text("compress"), 0x00, 0],
        [...text("memory"), 0x02, 0],
      ]),
    ),
    ...section(10, list([sized(body)])),
  ]);
}

const instance = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()));
const exported = instance.exports as {
  readonly compress: (block: number, from: number, to: number) => void;
  readonly memory: WebAssembly.Memory;
};

/** All areas, as words. */
export const memory = new Int32Array(exported.memory.buffer);

/** One SHA-256 block in each lane: from the state in area `from`, by the words in area `block`, to the state in area `to`. */
export const compress = (block: number, from: number, to: number): void =>
  exported.compress(block * 4, from * 4, to * 4);
