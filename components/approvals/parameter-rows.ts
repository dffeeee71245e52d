import type { Json } from "@/server/approvals/approved-action";

/** One line of a parameter table: where the value stands and what it is. `kind` tells the text "3" from the number 3. */
export type ParameterRow = {
  readonly path: string;
  readonly kind: "text" | "number" | "yes-no" | "nothing" | "empty-list" | "empty-object";
  readonly value: string;
};

const plainKey = /^[A-Za-z_][A-Za-z0-9_]*$/;
const under = (path: string, key: string) => {
  if (!plainKey.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
};

/**
 * Parameters as rows, every leaf once and none left out: `subjects[1]`, `zone.id`. An approver reads these instead of the bytes,
 * so two parameters that differ never give the same rows.
 */
export function parameterRows(value: Json, path = ""): readonly ParameterRow[] {
  if (value === null) return [{ path, kind: "nothing", value: "nothing" }];
  if (typeof value === "string") return [{ path, kind: "text", value }];
  if (typeof value === "number") return [{ path, kind: "number", value: String(value) }];
  if (typeof value === "boolean") return [{ path, kind: "yes-no", value: value ? "yes" : "no" }];
  if (isList(value)) {
    if (value.length === 0) return [{ path, kind: "empty-list", value: "empty list" }];
    return value.flatMap((item, index) => parameterRows(item, `${path}[${index}]`));
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return [{ path, kind: "empty-object", value: "no parameters" }];
  return entries.flatMap(([key, item]) => parameterRows(item, under(path, key)));
}

function isList(value: readonly Json[] | { readonly [key: string]: Json }): value is readonly Json[] {
  return Array.isArray(value);
}
