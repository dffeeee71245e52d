import { sensitiveName } from "@/server/audit/redaction/sensitive-name";

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

/** What is hidden already stays as it is: to redact twice changes nothing. */
const fresh = String.raw`(?!["']?\[redacted: )`;
/**
 * A name that a value follows, as texts have them: `a=b`, `--a=b`, `a: b`, `"a":"b"`. Without a space or a quote a colon makes no pair:
 * `secrets:read` and `token://a` are names of things.
 */
const pairName =
  /(?<![\p{L}\p{N}_.-])([\p{L}\p{N}_.-]{1,64})(?:["']?\s{0,3}=\s{0,3}|\s{0,3}:\s{1,3}|["']\s{0,3}:\s{0,3})/gu;
const pairValue = new RegExp(String.raw`${fresh}(?:"(?:[^"\\]|\\.)*"?|'[^'\r\n]*'?|[^\s,;&"'{}()[\]]+)`, "yu");
/** Headers whose value has spaces in it: to the end of the line. */
const header = new RegExp(
  String.raw`(?<![\w-])((?:proxy-)?authorization|(?:set-)?cookie)(\s{0,3}[:=]\s{0,3})${fresh}(?=\S)[^\r\n"'{}]+`,
  "gi",
);
/** What an address carries that its name alone would not give away: a code of OAuth, a signature, a key. */
const query = new RegExp(String.raw`(?<=[?&#;](?:code|sig|key|auth|sas)=)${fresh}[^\s&#;"']+`, "gi");
/** A word of a password with its value right after the colon, which no name of a thing has: a digit in it. */
const passwordRun = new RegExp(
  String.raw`(?<![\w.-])((?:password|passwd|passphrase|pwd):)${fresh}(?!//)(?=[^\s,;]*\d)[^\s,;"']+`,
  "gi",
);

/** Hides the value behind each sensitive name; what stands behind another name may itself be a name. */
function hidePairs(text: string): string {
  let shown = "";
  let done = 0;
  for (const found of text.matchAll(pairName)) {
    const what = sensitiveName(found[1] ?? "");
    const at = found.index + found[0].length;
    if (what === null || found.index < done) continue;
    pairValue.lastIndex = at;
    const [value] = pairValue.exec(text) ?? [];
    if (value === undefined) continue;
    shown += text.slice(done, at) + mark(what);
    done = at + value.length;
  }
  return shown + text.slice(done);
}

const hideNamed = (text: string): string =>
  hidePairs(text.replaceAll(header, (_, name: string, between: string) => `${name}${between}${mark("secret")}`))
    .replaceAll(query, mark("secret"))
    .replaceAll(passwordRun, (_, name: string) => `${name}${mark("secret")}`);

/** The text with every sensitive shape in it replaced by what it was taken for. */
export function redactText(text: string): string {
  if (text.length > longestLooked) return mark(`${text.length.toLocaleString("en-US")} characters`);
  let shown = text;
  for (const [shape, what, really] of shapes)
    shown = shown.replaceAll(shape, (found) => (really === undefined || really(found) ? mark(what) : found));
  return hideNamed(shown);
}

const traceId = /^[0-9a-f]{32}$/i;

/** A request id, which callers choose: a trace id of 32 hex digits is what it looks like and stays readable. */
export const redactRequestId = (id: string): string => (traceId.test(id) ? id : redactText(id));

/** A value of a column that is no JSON: only the request id holds what callers choose. */
export const redactPlain = <T>(column: string, value: T): T | string =>
  column === "request_id" && typeof value === "string" ? redactRequestId(value) : value;
