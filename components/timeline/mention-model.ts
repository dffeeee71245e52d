export type MentionQuery = { readonly start: number; readonly text: string };

const before = /[\s(,;:]/; // what may stand in front of the @: an e-mail address is no mention

/** The user name being typed at the caret, "@dan": where its @ stands and what follows. null: no mention is being typed. */
export function mentionAt(text: string, caret: number): MentionQuery | null {
  const start = text.slice(0, caret).lastIndexOf("@");
  if (start < 0 || (start > 0 && !before.test(text[start - 1] ?? ""))) return null;
  const typed = text.slice(start + 1, caret);
  return /^[a-z0-9._-]{0,40}$/i.test(typed) ? { start, text: typed } : null;
}

/** The text with what was typed replaced by the whole user name, and where the caret goes. */
export function completeMention(
  text: string,
  caret: number,
  mention: MentionQuery,
  username: string,
): { readonly text: string; readonly caret: number } {
  const head = `${text.slice(0, mention.start)}@${username} `;
  return { text: head + text.slice(caret).replace(/^ /, ""), caret: head.length };
}

export type TextPart = { readonly at: number; readonly text: string; readonly mention: boolean };

/** A note cut where it names people by user name, as the server reads them. */
export function splitMentions(text: string): readonly TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const match of text.matchAll(/(?<=^|[\s(,;:])@[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?/gi)) {
    if (match.index > from) parts.push({ at: from, text: text.slice(from, match.index), mention: false });
    parts.push({ at: match.index, text: match[0], mention: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) parts.push({ at: from, text: text.slice(from), mention: false });
  return parts;
}
