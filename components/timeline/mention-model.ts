export type MentionQuery = { readonly start: number; readonly text: string };

/** The mention being typed at the caret, "@dan": where its @ stands and what follows. null: no mention is being typed. */
export function mentionAt(text: string, caret: number): MentionQuery | null {
  const before = text.slice(0, caret);
  const start = before.lastIndexOf("@");
  if (start < 0) return null;
  if (start > 0 && !/[\s(,;:]/.test(before[start - 1] ?? "")) return null; // an e-mail address is no mention
  const typed = before.slice(start + 1);
  return typed.length > 40 || /[\n@,.;:!?]/.test(typed) || /\s\S*\s/.test(typed) ? null : { start, text: typed };
}

/** The text with the typed mention replaced by the whole name, and where the caret goes. */
export function completeMention(
  text: string,
  caret: number,
  mention: MentionQuery,
  name: string,
): { readonly text: string; readonly caret: number } {
  const head = `${text.slice(0, mention.start)}@${name} `;
  return { text: head + text.slice(caret).replace(/^ /, ""), caret: head.length };
}

export type TextPart = { readonly at: number; readonly text: string; readonly mention: boolean };

/** A note cut where it names people: the longest name first, so that "@Ann Lee" is not read as "@Ann". */
export function splitMentions(text: string, names: readonly string[]): readonly TextPart[] {
  const marks = [...new Set(names)]
    .filter((name) => name !== "")
    .sort((left, right) => right.length - left.length)
    .map((name) => `@${name}`);
  const parts: TextPart[] = [];
  let plainFrom = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const mark = marks.find((candidate) => text.startsWith(candidate, at));
    if (mark === undefined || at < plainFrom) continue;
    if (at > plainFrom) parts.push({ at: plainFrom, text: text.slice(plainFrom, at), mention: false });
    parts.push({ at, text: mark, mention: true });
    plainFrom = at + mark.length;
  }
  if (plainFrom < text.length) parts.push({ at: plainFrom, text: text.slice(plainFrom), mention: false });
  return parts;
}
