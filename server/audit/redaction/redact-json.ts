import { sensitiveName } from "@/server/audit/redaction/sensitive-name";
import { mark, redactText } from "@/server/audit/redaction/sensitive-text";

/** JSON text as it may be shown, and where something was hidden in it: paths such as `client.token`, their names redacted as well. */
export type RedactedJson = { readonly text: string; readonly hidden: readonly string[] };

const deepest = 200;
const space = /\s*/y;
const string = /"[^"\\]*(?:\\.[^"\\]*)*"/y;
const scalar = /[^\s,\]}]+/y;

/** How the members of a list of pairs are called: {"name": …, "value": …}, {"key": …, "value": …}. */
const pairNames = /^(?:name|key|header|field|parameter)$/i;
const pairValues = /^(?:value|values|val)$/i;

/** What a text, as JSON prints it, names when it is the name of a pair; null when it is none, or nothing sensitive. */
function nameIn(printed: string): ReturnType<typeof sensitiveName> {
  if (printed.length > 200) return null;
  const name: unknown = JSON.parse(printed);
  return typeof name === "string" ? sensitiveName(name) : null;
}

/** Copies JSON text from left to right; what is not hidden stays as it was printed, digit by digit. */
class Redaction {
  private at = 0;
  private out = "";
  readonly hidden: string[] = [];

  constructor(private readonly text: string) {}

  run(): string {
    this.value([], null);
    this.copy(space);
    if (this.at < this.text.length) throw new SyntaxError(`no JSON at ${this.at}`);
    return this.out;
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const [found] = pattern.exec(this.text) ?? [];
    if (found === undefined) throw new SyntaxError(`no JSON at ${this.at}`);
    this.at += found.length;
    return found;
  }

  private copy(pattern: RegExp): void {
    this.out += this.match(pattern);
  }

  private hide(path: readonly string[], what: string): void {
    this.out += JSON.stringify(mark(what));
    this.hidden.push(path.join(".") || "the whole");
  }

  /** Goes past one value without copying it, however deep it is. */
  private skip(): void {
    let depth = 0;
    do {
      this.match(space);
      const next = this.text[this.at];
      if (next === undefined) throw new SyntaxError(`no JSON at ${this.at}`);
      if (next === '"') this.match(string);
      else if ("{[".includes(next)) [depth, this.at] = [depth + 1, this.at + 1];
      else if ("}]".includes(next)) [depth, this.at] = [depth - 1, this.at + 1];
      else if (",:".includes(next)) this.at += 1;
      else this.match(scalar);
    } while (depth > 0);
  }

  private value(path: readonly string[], named: string | null): void {
    this.copy(space);
    const next = this.text[this.at];
    const empty = /(?:null|true|false)\b/y;
    empty.lastIndex = this.at;
    if (named !== null && !empty.test(this.text)) {
      this.skip();
      this.hide(path, named);
    } else if (next === "{" || next === "[") {
      if (path.length >= deepest) {
        this.skip();
        this.hide(path, "nested too deep");
      } else this.members(path, next === "{");
    } else if (next === '"') {
      const whole = this.match(string);
      const shown = redactText(JSON.parse(whole) as string);
      if (shown === JSON.parse(whole)) this.out += whole;
      else {
        this.out += JSON.stringify(shown);
        this.hidden.push(path.join(".") || "the whole");
      }
    } else this.copy(scalar);
  }

  /** What was copied of a value is taken back and hidden: its name stood beside it, not before it. */
  private hideCopied(from: number, to: number, path: readonly string[], what: string): void {
    if (/^\s*(?:null|true|false)\b/.test(this.out.slice(from, to))) return;
    this.out = `${this.out.slice(0, from)} ${JSON.stringify(mark(what))}${this.out.slice(to)}`;
    this.hidden.push(path.join("."));
  }

  private members(path: readonly string[], isObject: boolean): void {
    let named: string | null = null; // by a member of a pair, as {"name": "Authorization", "value": …}
    let value: { readonly from: number; readonly to: number; readonly path: readonly string[] } | null = null;
    const end = isObject ? "}" : "]";
    this.copy(/[{[]/y);
    this.copy(space);
    for (let n = 0; this.text[this.at] !== end; n += 1) {
      if (n > 0) this.copy(/,\s*/y);
      if (isObject) {
        const name = JSON.parse(this.match(string)) as string;
        const shown = redactText(name);
        this.out += JSON.stringify(shown);
        if (shown !== name) this.hidden.push([...path, shown].join("."));
        this.copy(/\s*:/y);
        const [start, from] = [this.at, this.out.length];
        const own = sensitiveName(name);
        this.value([...path, shown], own);
        if (pairNames.test(name)) named ??= nameIn(this.text.slice(start, this.at));
        if (pairValues.test(name) && own === null) value = { from, to: this.out.length, path: [...path, shown] };
      } else this.value([...path, String(n)], null);
      this.copy(space);
    }
    if (named !== null && value !== null) this.hideCopied(value.from, value.to, value.path, named);
    this.copy(/[}\]]/y);
  }
}

/** JSON text, as Postgres prints jsonb, with its sensitive members and shapes hidden. Text that is no JSON is hidden whole. Null stays null. */
export function redactJson(text: string): RedactedJson;
export function redactJson(text: string | null): { text: string | null; hidden: readonly string[] };
export function redactJson(text: string | null): { text: string | null; hidden: readonly string[] } {
  if (text === null) return { text: null, hidden: [] };
  try {
    const redaction = new Redaction(text);
    return { text: redaction.run(), hidden: redaction.hidden };
  } catch {
    return { text: JSON.stringify(mark("not JSON")), hidden: ["the whole"] };
  }
}
