/**
 * The raw text of each member of a JSON object, as Go's RawMessage keeps it: the bytes that arrived, spacing included;
 * of a key given twice the last counts. `text` must already have passed JSON.parse and be an object.
 */
export function rawMembers(text: string): Map<string, string> {
  const members = new Map<string, string>();
  let at = text.indexOf("{") + 1;
  for (;;) {
    const keyStart = skip(text, at, /[\s,]/);
    if (text[keyStart] !== '"') return members;
    const keyEnd = stringEnd(text, keyStart);
    const valueStart = skip(text, keyEnd, /[\s:]/);
    const valueEnd = endOfValue(text, valueStart);
    members.set(JSON.parse(text.slice(keyStart, keyEnd)) as string, text.slice(valueStart, valueEnd));
    at = valueEnd;
  }
}

function skip(text: string, from: number, what: RegExp): number {
  let at = from;
  while (at < text.length && what.test(text[at] ?? "")) at += 1;
  return at;
}

function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

function endOfValue(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const character = text[at] ?? "";
    if (character === '"') {
      at = stringEnd(text, at);
      if (depth === 0) return at;
      continue;
    }
    if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && /[\s,]/.test(character)) return at;
    at += 1;
  }
  return at;
}
