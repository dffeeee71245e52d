export type GoJson =
  | null
  | boolean
  | string
  | number // a Go float64
  | bigint // an integer written digit by digit, as Go writes int64
  | readonly GoJson[]
  | { readonly [key: string]: GoJson };

// Go's encoder escapes these besides what JSON demands; \p{Surrogate} under the u flag is a half of a pair standing alone.
const escaped = /["\\<>&\u2028\u2029]|\p{Cc}|\p{Surrogate}/gu;
const short: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function escapeOne(character: string): string {
  if (/\p{Surrogate}/u.test(character)) return "\\ufffd";
  if (character >= "\u007f" && character <= "\u009f") return character; // control characters that JSON allows
  return short[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** A text as Go's encoding/json writes it, quotes included. */
export const goString = (text: string): string => `"${text.replace(escaped, escapeOne)}"`;

/** A float64 as Go's encoding/json writes it: JavaScript's shortest form, save for minus zero. Refuses what JSON lacks. */
export function goNumber(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`json: unsupported value: ${value}`);
  return Object.is(value, -0) ? "-0" : String(value);
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** A value as Go's encoding/json writes it: compact, map keys ascending by bytes, HTML characters escaped. */
export function goJson(value: GoJson): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return goString(value);
  if (typeof value === "number") return goNumber(value);
  if (typeof value === "bigint") return value.toString();
  if (isList(value)) return `[${value.map(goJson).join(",")}]`;
  const members = Object.entries(value).sort(([a], [b]) => byBytes(a, b));
  return `{${members.map(([key, member]) => `${goString(key)}:${goJson(member)}`).join(",")}}`;
}

const isList = (value: GoJson): value is readonly GoJson[] => Array.isArray(value);
