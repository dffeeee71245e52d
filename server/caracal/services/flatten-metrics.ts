const maxMetrics = 300;
const maxDepth = 4;

/** Nested metrics as one level, "sts.audit_dropped": numbers as they are, booleans as 0 or 1, anything else left out. */
export function flattenMetrics(json: object): Readonly<Record<string, number>> {
  const flat: Record<string, number> = {};
  let taken = 0;
  const walk = (value: unknown, name: string, depth: number): void => {
    if (taken >= maxMetrics) return;
    if (typeof value === "number" || typeof value === "boolean") {
      flat[name] = Number(value);
      taken += 1;
    } else if (typeof value === "object" && value !== null && !Array.isArray(value) && depth < maxDepth) {
      for (const [key, inner] of Object.entries(value)) walk(inner, name === "" ? key : `${name}.${key}`, depth + 1);
    }
  };
  walk(json, "", 0);
  return flat;
}
