import { createHmac } from "node:crypto";

export type Redactor = {
  /** A person by id, else by name: "responder-3", the same all through one incident's exports of the same record. */
  person(id: string | null, name: string): string;
  /** A sentence with everything known replaced, and whatever looks like an address or an id. */
  text(value: string): string;
  /** Any JSON value, its strings as `text`. */
  value(value: unknown): unknown;
};

export type Known = {
  /** People in the order in which they are numbered; what else they go by (user names) is replaced too. */
  readonly people: readonly {
    readonly id: string | null;
    readonly name: string;
    readonly aliases: readonly string[];
  }[];
  readonly zones: readonly string[]; // names and ids
  readonly ids: readonly string[]; // subjects, sessions, anything that names somebody or something of theirs
  readonly key: Buffer; // so that a short hash cannot be looked up by trying names
};

const patterns: readonly (readonly [RegExp, string])[] = [
  [/[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/gu, "[e-mail address]"],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/g, "[address]"],
  [/(?<![\w:])(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:])/gi, "[address]"],
  [/\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?/g, "[token]"],
];
const idPattern = /\b(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{24,})\b/gi;
const token = /[^\s"'`()[\]{}<>,;|]+/g;
const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, "\\$&");

/** Replaces people, zones, ids and addresses by stand-ins. Pure but for its own numbering of people that nobody foresaw. */
export function createRedactor({ people, zones, ids, key }: Known): Redactor {
  const short = (value: string) => createHmac("sha256", key).update(value).digest("hex").slice(0, 8);
  const numbered = new Map<string, string>();
  const words = new Map<string, string>();
  const phrases = new Map<string, string>();
  const keyOf = (id: string | null, name: string) => (id === null ? `name ${name}` : `id ${id}`);
  const learn = (text: string, stand: string) => {
    if (text.length < 2) return;
    (/\s/.test(text) ? phrases : words).set(text, stand);
  };
  const number = (id: string | null, name: string): string => {
    const known = numbered.get(keyOf(id, name));
    if (known !== undefined) return known;
    const stand = `responder-${numbered.size + 1}`;
    numbered.set(keyOf(id, name), stand);
    return stand;
  };
  for (const zone of zones) learn(zone, `zone-${short(zone)}`);
  for (const id of ids) learn(id, `id-${short(id)}`);
  for (const { id, name, aliases } of people) {
    const stand = number(id, name);
    for (const part of name.split(/\s+/)) if (part.length >= 3 && !words.has(part)) words.set(part, stand);
    for (const alias of [name, ...aliases, ...(id === null ? [] : [id])]) learn(alias, stand);
  }
  const longest = [...phrases.keys()].sort((a, b) => b.length - a.length).map(escaped);
  const anyPhrase =
    longest.length === 0 ? null : new RegExp(`(?<![\\p{L}\\p{N}])(?:${longest.join("|")})(?![\\p{L}\\p{N}])`, "gu");

  const word = (found: string): string => {
    const whole = words.get(found);
    if (whole !== undefined) return whole;
    return found.replaceAll(/[\p{L}\p{N}](?:[^\s=@/#]*[\p{L}\p{N}])?/gu, (inner) => words.get(inner) ?? inner);
  };
  const text = (value: string): string => {
    let out = anyPhrase === null ? value : value.replaceAll(anyPhrase, (found) => phrases.get(found) ?? found);
    out = out.replaceAll(token, word);
    for (const [pattern, stand] of patterns) out = out.replaceAll(pattern, stand);
    return out.replaceAll(idPattern, (found) => `id-${short(found)}`);
  };
  const value = (given: unknown): unknown => {
    if (typeof given === "string")
      return /^\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})$/.test(given) ? given : text(given);
    if (Array.isArray(given)) return given.map(value);
    if (typeof given !== "object" || given === null) return given;
    return Object.fromEntries(Object.entries(given).map(([name, inner]) => [text(name), value(inner)]));
  };
  return { person: number, text, value };
}

/** Texts inside a JSON value that look like an id: no space, six characters or more, and a digit or a mark in them. */
export function idsIn(value: unknown): string[] {
  if (typeof value === "string")
    return /^[\x21-\x7e]{6,200}$/.test(value) && /[\d@_:/.-]/.test(value) && !/^\d{4}-\d{2}-\d{2}T/.test(value)
      ? [value]
      : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(idsIn);
}
