/** What a spreadsheet takes for a formula when a cell begins with it; behind apostrophes too, so that taking one away gives every text back. */
const formula = /^'*[=+\-@\t\r]/;

/**
 * One line of CSV (RFC 4180, CRLF). Text that a spreadsheet would run gets an apostrophe before it, so that an export with a
 * hostile subject in it can be opened; numbers stay numbers.
 */
export const csvLine = (cells: readonly (string | number | boolean | null)[]): string =>
  `${cells.map(cell).join(",")}\r\n`;

function cell(value: string | number | boolean | null): string {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  const text = formula.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
