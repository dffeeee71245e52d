import type { EntryDetails } from "@/server/timeline/schemas";

/** One line of the table under an entry. A column that says nothing for this name is null. */
export type DetailRow = {
  readonly name: string;
  readonly parameter: string | null;
  readonly before: string | null;
  readonly after: string | null;
};

function words(value: unknown): string {
  if (value === null) return "none";
  if (value === true) return "yes";
  if (value === false) return "no";
  if (typeof value === "string") return value === "" ? "empty" : value;
  if (typeof value === "number") return String(value);
  if (Array.isArray(value) && value.every((item) => typeof item !== "object" || item === null))
    return value.length === 0 ? "none" : value.map(words).join(", ");
  return JSON.stringify(value) ?? "not said";
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Named values of one side, nested names joined with a dot down to three levels; a plain value goes under `alone`. */
function flatten(value: unknown, alone: string, into: Map<string, string>, depth = 0): Map<string, string> {
  if (value === undefined) return into;
  if (!isRecord(value) || depth > 2) {
    into.set(alone, words(value));
    return into;
  }
  for (const [name, inner] of Object.entries(value))
    if (isRecord(inner) && Object.keys(inner).length > 0)
      flatten(inner, depth === 0 ? name : `${alone}.${name}`, into, depth + 1);
    else into.set(depth === 0 ? name : `${alone}.${name}`, words(inner));
  return into;
}

/** The parameters, the before and the after of an entry side by side, name by name, in the order they were written. */
export function detailRows(details: EntryDetails): readonly DetailRow[] {
  const parameters = flatten(details.parameters, "value", new Map());
  const before = flatten(details.before, "value", new Map());
  const after = flatten(details.after, "value", new Map());
  const names = [...new Set([...parameters.keys(), ...before.keys(), ...after.keys()])];
  return names.map((name) => ({
    name,
    parameter: parameters.get(name) ?? null,
    before: before.get(name) ?? null,
    after: after.get(name) ?? null,
  }));
}
