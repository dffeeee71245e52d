/** Lines of a chart are told apart by dash and label; colour belongs to severity. */
const dashes = ["0", "5 3", "1.5 3", "8 3 2 3"];

/** How the line of this place in its chart is drawn: the first in the accent, the others in the text's colour. */
export function lineLook(index: number): { readonly stroke: string; readonly strokeDasharray: string } {
  return {
    stroke: index === 0 ? "var(--accent)" : "var(--foreground)",
    strokeDasharray: dashes[index % dashes.length] ?? "0",
  };
}
