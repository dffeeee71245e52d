/**
 * The bytes that Go's encoder wrote for a value that Postgres gives back as jsonb text (contract section 4, trap 8): compact, keys
 * ascending by bytes, `<`, `>`, `&`, U+2028 and U+2029 escaped. Where a number or a text may have been written in several ways it is a slot.
 */
export type CanonicalJson = {
  readonly parts: readonly (string | readonly string[])[]; // fixed text, or the ways in which a number or a text may have been written
  readonly forms: number; // how many texts that makes; Infinity above 2^53
};

// Escaped by Go besides what JSON demands. jsonb holds no lone surrogate and no NUL.
const escaped = /["\\<>&\u2028\u2029]|\p{Cc}/gu;
const short: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};
const escapeOne = (character: string) =>
  character >= "\u007f" && character <= "\u009f" // control characters that JSON allows
    ? character
    : (short[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** A text as Go's encoder writes it, quotes included. */
export const goText = (text: string): string => `"${text.replace(escaped, escapeOne)}"`;

/**
 * The ways in which Go's encoder may have written a text: U+FFFD stands as it is, but where the bytes were no UTF-8 the encoder wrote its
 * escape, and both read back alike. Of several in one text all are taken to be of one kind.
 */
export const goTexts = (text: string): readonly string[] => {
  const written = goText(text);
  return written.includes("\ufffd") ? [written, written.replaceAll("\ufffd", "\\ufffd")] : [written];
};

const ascii = /^\p{ASCII}*$/u;
/** UTF-8 order, which is that of code points; JavaScript compares UTF-16 units, which differs beyond the first plane. */
const byBytes = (a: string, b: string): number =>
  ascii.test(a) && ascii.test(b) ? (a < b ? -1 : a > b ? 1 : 0) : Buffer.compare(Buffer.from(a), Buffer.from(b));

/**
 * How a number that is stored as this text may have arrived: the shortest form of its float64 (Go's equals JavaScript's, but for minus
 * zero, which jsonb forgets), then as it is stored.
 */
export function numberForms(stored: string): readonly string[] {
  const value = Number(stored);
  if (value === 0) return [...new Set(["0", "-0", stored])];
  return Number.isFinite(value) ? [...new Set([String(value), stored])] : [stored];
}

const tooDeep = 2_000;

/**
 * Reads JSON text, as Postgres prints jsonb or as it arrived; null (no column value) is the text `null`. `formsOf` gives the ways to
 * write a number. @throws SyntaxError when it is no JSON
 */
export function canonicalJson(
  stored: string | null,
  formsOf: (number: string) => readonly string[] = numberForms,
): CanonicalJson {
  if (stored === null) return { parts: ["null"], forms: 1 };
  const text = stored;
  let at = 0;
  const fail = (): never => {
    throw new SyntaxError(`not jsonb text at ${at}`);
  };
  const space = () => {
    while (text[at] === " " || text[at] === "\n" || text[at] === "\t" || text[at] === "\r") at += 1;
  };
  const string = (): string => {
    const from = at;
    at += 1;
    while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    if (at >= text.length) fail();
    at += 1;
    return JSON.parse(text.slice(from, at)) as string;
  };

  type Piece = string | readonly string[];
  const push = (into: Piece[], piece: Piece) => {
    const last = into.length - 1;
    if (typeof piece === "string" && typeof into[last] === "string") into[last] += piece;
    else into.push(piece);
  };
  const oneOf = (ways: readonly string[]): Piece => (ways.length === 1 ? (ways[0] ?? "") : ways);
  const pushAll = (into: Piece[], pieces: readonly Piece[]) => {
    for (const piece of pieces) push(into, piece);
  };

  function value(depth: number): Piece[] {
    if (depth > tooDeep) fail();
    space();
    const first = text[at];
    if (first === '"') return [oneOf(goTexts(string()))];
    if (first === "[") return list(depth);
    if (first === "{") return object(depth);
    const literal = /(?:true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/y;
    literal.lastIndex = at;
    const found = literal.exec(text)?.[0] ?? fail();
    at += found.length;
    if (/^[tfn]/.test(found)) return [found];
    return [oneOf(formsOf(found))];
  }

  function list(depth: number): Piece[] {
    const pieces: Piece[] = ["["];
    at += 1;
    space();
    if (text[at] === "]") {
      at += 1;
      return ["[]"];
    }
    for (;;) {
      pushAll(pieces, value(depth + 1));
      space();
      if (text[at] === "]") break;
      if (text[at] !== ",") fail();
      at += 1;
      push(pieces, ",");
    }
    at += 1;
    push(pieces, "]");
    return pieces;
  }

  function object(depth: number): Piece[] {
    const members: [string, Piece[]][] = [];
    at += 1;
    space();
    if (text[at] === "}") {
      at += 1;
      return ["{}"];
    }
    for (;;) {
      space();
      if (text[at] !== '"') fail();
      const key = string();
      space();
      if (text[at] !== ":") fail();
      at += 1;
      members.push([key, value(depth + 1)]);
      space();
      if (text[at] === "}") break;
      if (text[at] !== ",") fail();
      at += 1;
    }
    at += 1;
    // Of a key given twice the last counts, as in jsonb.
    const last = [...new Map(members)].sort(([a], [b]) => byBytes(a, b));
    const pieces: Piece[] = ["{"];
    last.forEach(([key, member], index) => {
      if (index > 0) push(pieces, ",");
      push(pieces, oneOf(goTexts(key)));
      push(pieces, ":");
      pushAll(pieces, member);
    });
    push(pieces, "}");
    return pieces;
  }

  const pieces = value(0);
  space();
  if (at !== text.length) fail();
  return {
    parts: pieces,
    forms: pieces.reduce((count, piece) => count * (typeof piece === "string" ? 1 : piece.length), 1),
  };
}

/** The texts of a value, the likeliest first: every combination of its slots' forms. At most `forms` of them. */
export function* textsOf({ parts }: CanonicalJson): Generator<string> {
  const slots = parts.filter((part) => typeof part !== "string");
  const chosen = slots.map(() => 0);
  for (;;) {
    let slot = 0;
    yield parts.map((part) => (typeof part === "string" ? part : part[chosen[slot++] ?? 0])).join("");
    let turn = 0;
    while (turn < slots.length) {
      chosen[turn] = (chosen[turn] ?? 0) + 1;
      if ((chosen[turn] ?? 0) < (slots[turn]?.length ?? 0)) break;
      chosen[turn] = 0;
      turn += 1;
    }
    if (turn === slots.length) return;
  }
}
