const shape = /(?:^|[\s(,;:])@([a-z0-9][a-z0-9._-]{0,99})/gi;

/** User names that a note mentions with @, in lower case, each once, at most 20. A dot or dash at the end belongs to the sentence. */
export function mentionedNames(text: string): readonly string[] {
  const names = [...text.matchAll(shape)].map((match) => (match[1] ?? "").toLowerCase().replace(/[._-]+$/, ""));
  return [...new Set(names)].filter((name) => name !== "").slice(0, 20);
}
