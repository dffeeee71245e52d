import type { Json } from "@/server/approvals/approved-action";

const deepest = 64;

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

function write(value: unknown, path: string, depth: number): string {
  if (depth > deepest) throw new TypeError(`${path} is nested too deeply`);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value) || Object.is(value, -0)) throw new TypeError(`${path} is a number JSON cannot carry`);
    return JSON.stringify(value);
  }
  if (typeof value === "string") {
    if (/\p{Cs}/u.test(value)) throw new TypeError(`${path} holds half of a character`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value))
    return `[${Array.from(value as unknown[], (item, place) => write(item, `${path}[${place}]`, depth + 1)).join(",")}]`;
  if (typeof value !== "object" || !isPlain(value)) throw new TypeError(`${path} is nothing that JSON can carry`);
  if (Object.getOwnPropertySymbols(value).length > 0) throw new TypeError(`${path} has a key that is not text`);
  const members = Object.entries(value)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, item]) => `${write(key, `a key of ${path}`, depth)}:${write(item, `${path}.${key}`, depth + 1)}`);
  return `{${members.join(",")}}`;
}

/**
 * The one text of a JSON value: keys in the order of their UTF-16 code units, no white space. Equal values give equal text and
 * different ones different text. @throws TypeError for what JSON cannot carry, naming where: nothing is dropped or bent.
 */
export const canonicalJson = (value: unknown): string => write(value, "the value", 0);

/**
 * Reads text that `canonicalJson` wrote. @throws Error for any other text, even if it means the same: what is stored is exactly
 * what was hashed, or it is not used.
 */
export function readCanonical(text: string): Json {
  const value = JSON.parse(text) as Json;
  if (canonicalJson(value) !== text) throw new Error("the stored text is not in canonical form");
  return value;
}
