/** The sentence that an address names. Only names of the list itself count: addresses are written by anybody. */
export const wordsOf = (sentences: Readonly<Record<string, string>>, given: unknown, otherwise: string): string =>
  (typeof given === "string" && Object.hasOwn(sentences, given) ? sentences[given] : undefined) ?? otherwise;
