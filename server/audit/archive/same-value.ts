import { comparedColumns, type ComparedColumn, type ComparedRow } from "@/server/audit/archive/compared-row";
import { jsonColumns } from "@/server/audit/verify/stored-row";
import { canonicalJson } from "@/server/audit/verify/canonical-json";

/** A number's text by its exact value: digits without zeros at either end, and the power of ten behind them. */
export function exactNumber(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  const trimmed = digits.replace(/0+$/, "");
  if (trimmed === "") return "0";
  return `${sign}${trimmed}e${BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - trimmed.length)}`;
}

const canonical = (text: string | null, formOf: (number: string) => string): string | null => {
  try {
    return canonicalJson(text, (number) => [formOf(number)]).parts.join("");
  } catch {
    return null; // no JSON: nothing but the same text is the same
  }
};

/**
 * Whether a JSON text of the archive says what the table's jsonb says: key order, spaces, escapes and the way in which numbers are written
 * do not count; a number that went through a Go float64 on its way out counts as the one it came from.
 */
export function sameJson(archived: string | null, stored: string | null): boolean {
  if (archived === stored) return true;
  const theirs = canonical(archived, exactNumber);
  if (theirs === null) return false;
  return (
    theirs === canonical(stored, exactNumber) ||
    theirs ===
      canonical(stored, (number) => (Number.isFinite(Number(number)) ? exactNumber(String(Number(number))) : number))
  );
}

/** The columns in which the archive and the table do not say the same of an event. */
export const differingColumns = (archived: ComparedRow, stored: ComparedRow): ComparedColumn[] =>
  comparedColumns.filter((column) => {
    const [theirs, ours] = [archived.values[column], stored.values[column]];
    return jsonColumns.has(column) ? !sameJson(theirs, ours) : theirs !== ours;
  });
