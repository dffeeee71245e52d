import { canonicalJson } from "@/server/audit/verify/canonical-json";
import type { ArrivedJson } from "@/server/audit/verify/recover-content";
import { contentSha256 } from "@/server/audit/verify/seals";
import {
  microsecondsOf,
  nanosecondsOf,
  storedRowOf,
  type StoredRow,
  textColumns,
} from "@/server/audit/verify/stored-row";

/** What an entry of the stream holds: the raw text of an event, and the signature over it. */
export type SignedCopy = { readonly data: string; readonly sig: string };

/** An event as its signed stream entry still holds it: the second witness of a row. */
export type StreamCopy = {
  readonly columns: StoredRow; // as ingestion reads them, JSON as its raw bytes
  readonly content: string; // content_sha256 of exactly these bytes
  readonly signature: string;
};

const jsons = ["determining_policies_json", "diagnostics_json", "metadata_json"] as const;

const quote = 34;
const backslash = 92;
const comma = 44;
const colon = 58;
const isSpace = (code: number) => code === 32 || code === 10 || code === 13 || code === 9;
const opens = (code: number) => code === 123 || code === 91;
const closes = (code: number) => code === 125 || code === 93;

/** The raw text of each member of a JSON object, the bytes that arrived; of a key given twice the last counts. It has passed JSON.parse. */
function rawMembers(text: string): Map<string, string> {
  const members = new Map<string, string>();
  const past = (from: number, also: number) => {
    let at = from;
    while (isSpace(text.charCodeAt(at)) || text.charCodeAt(at) === also) at += 1;
    return at;
  };
  const stringEnd = (from: number) => {
    let at = from + 1;
    for (let code = text.charCodeAt(at); code !== quote; code = text.charCodeAt(at)) at += code === backslash ? 2 : 1;
    return at + 1;
  };
  const valueEnd = (from: number) => {
    let depth = 0;
    let at = from;
    for (; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        at = stringEnd(at);
        if (depth === 0) return at;
        at -= 1;
      } else if (opens(code)) depth += 1;
      else if (closes(code)) {
        if (depth === 0) return at; // of a number or a word before the object's end
        depth -= 1;
        if (depth === 0) return at + 1;
      } else if (depth === 0 && (code === comma || isSpace(code))) return at;
    }
    return at;
  };
  for (let at = text.indexOf("{") + 1; ; ) {
    const key = past(at, comma);
    if (text.charCodeAt(key) !== quote) return members;
    const keyEnd = stringEnd(key);
    const value = past(keyEnd, colon);
    const end = valueEnd(value);
    members.set(JSON.parse(text.slice(key, keyEnd)) as string, text.slice(value, end));
    at = end;
  }
}

/** Reads an entry's `data` as ingestion does; null when it is no event: such an entry is in the dead letters. */
export function readStreamCopy(data: string, signature: string): StreamCopy | null {
  let given: Record<string, unknown>;
  let raw: Map<string, string>;
  try {
    given = JSON.parse(data) as Record<string, unknown>;
    if (typeof given !== "object" || given === null || Array.isArray(given)) return null;
    raw = rawMembers(data);
  } catch {
    return null;
  }
  const text = (name: string) => (typeof given[name] === "string" ? (given[name] as string) : "");
  const nanoseconds = nanosecondsOf(text("occurred_at"));
  if (text("id") === "" || text("zone_id") === "" || nanoseconds === null) return null;
  const columns = storedRowOf((column) => {
    if (column === "ingest_signature") return signature;
    const value = given[column];
    return (jsons as readonly string[]).includes(column)
      ? (raw.get(column) ?? "null")
      : typeof value === "string"
        ? value
        : "";
  }, null);
  const json: ArrivedJson = {
    determiningPolicies: columns.determining_policies_json ?? "null",
    diagnostics: columns.diagnostics_json ?? "null",
    metadata: columns.metadata_json ?? "null",
  };
  return { columns, content: contentSha256(columns, json, nanoseconds), signature };
}

/** A decimal as digits and a power of ten, so that 1.50, 1.5 and 15e-1 are one value. */
function decimal(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+(?=\d)/, "");
  const trimmed = digits.replace(/0+$/, "");
  if (trimmed === "") return "0";
  return `${sign}${trimmed}e${Number(exponent) - fraction.length + digits.length - trimmed.length}`;
}

/** A JSON value in a form in which equal values are equal texts, numbers by value. */
function comparable(text: string | null): string {
  try {
    const { parts } = canonicalJson(text, (number) => [decimal(number)]);
    return parts.join("");
  } catch {
    return text ?? "null";
  }
}

/** The columns in which a row differs in value from what arrived. Times are compared by the microseconds that Postgres keeps. */
export function changedColumns(row: StoredRow, copy: StreamCopy): string[] {
  const changed: string[] = textColumns.filter((name) => (row[name] ?? "") !== (copy.columns[name] ?? ""));
  changed.push(...jsons.filter((name) => comparable(row[name]) !== comparable(copy.columns[name])));
  const [now, first] = [nanosecondsOf(row.occurred_at), nanosecondsOf(copy.columns.occurred_at)];
  if (now === null || first === null || microsecondsOf(now) !== microsecondsOf(first)) changed.push("occurred_at");
  return changed;
}
