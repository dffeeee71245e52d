/** Text longer than this is hidden whole: nobody reads it in a table, and looking for shapes in it costs too much. */
export const longestLooked = 10_000;

const mixed = (text: string) => /[a-z]/.test(text) && /[A-Z]/.test(text) && /\d/.test(text);

/**
 * Shapes that give a secret or a person away wherever they stand, each with what is shown instead. Runs of what an id is made of count as
 * a secret only when they mix cases and digits, so that UUIDs and the paths of resources stay readable.
 */
const shapes: readonly (readonly [RegExp, string, ((found: string) => boolean)?])[] = [
  [/-----BEGIN [A-Z0-9 ]{1,40}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,40}-----|$)/g, "key"],
  [/eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)*/g, "token"],
  [/\beyJ[\w-]{20,}/g, "token"],
  [/\b(?:Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, "token"],
  [/\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}|(?:gh[pousr]_|glpat-|xox[abprs]-|sk-|[sr]k_live_)[\w-]{16,})/g, "token"],
  [/(?<=:\/\/)[^\s/:@]{0,100}:[^\s/@]{1,200}(?=@)/g, "password"],
  [/(?<![0-9a-z])[0-9a-f]{32,}(?![0-9a-z])/gi, "long hex"],
  [/^[A-Za-z0-9+/]{40,}={0,2}$/g, "long base64", mixed],
  [/[A-Za-z0-9_-]{32,}={0,2}/g, "long base64", mixed],
  [/[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63})+/gu, "e-mail"],
  [/(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g, "address"],
  [/(?<![\w:])(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}(?![\w:])/gi, "address"],
  [/(?<![\w:])(?:[0-9a-f]{1,4}:){1,6}:(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,5})?(?![\w:])/gi, "address"],
];

/** What stands in place of something hidden. */
export const mark = (what: string): string => `[redacted: ${what}]`;

/** The text with every sensitive shape in it replaced by what it was taken for. */
export function redactText(text: string): string {
  if (text.length > longestLooked) return mark(`${text.length.toLocaleString("en-US")} characters`);
  let shown = text;
  for (const [shape, what, really] of shapes)
    shown = shown.replaceAll(shape, (found) => (really === undefined || really(found) ? mark(what) : found));
  return shown;
}
