import { findingSentence, neededOf, witnessWords } from "@/components/audit/check-words";
import type { EventVerdict, LinkVerdict, SignedCopyView } from "@/server/audit/schemas";

const drift =
  "Every seal near it fails under the console's AUDIT_HMAC_KEY: most likely it is another key than Caracal's, but somebody who overwrote those seals leaves the same picture. A check of the zone looks at all of them.";

/** The verdict in one word and one sentence. Proved, tampered and not provable are three different things. */
export function verdictWords(verdict: EventVerdict): { readonly word: string; readonly sentence: string } {
  const heard = verdict.witnesses.map((witness) => witnessWords[witness]).join(", ");
  if (verdict.keyDrift && (verdict.finding === null || verdict.finding === "not_provable"))
    return {
      word: "Not heard",
      sentence: `${drift} Its columns ${verdict.finding === null ? "give" : "cannot prove"} the hash that is stored.`,
    };
  if (verdict.finding === null) return { word: "Proved", sentence: `By ${heard}.` };
  if (verdict.finding === "not_provable")
    return {
      word: "Not provable",
      sentence: "Its bytes cannot be rebuilt from the row, and no signed copy was heard. That does not mean tampered.",
    };
  const columns = verdict.columns.length === 0 ? "" : ` (${verdict.columns.join(", ")})`;
  const { finding, witnesses } = verdict;
  const told = `${findingSentence({ finding, witnesses })}${columns}, told by ${heard}. It took ${neededOf({ finding, witnesses })}.`;
  return { word: "Tampered with", sentence: verdict.keyDrift ? `${told} ${drift}` : told };
}

export const hashWords: Readonly<Record<EventVerdict["hash"], string>> = {
  recovered: "rebuilt from the columns, and the same",
  mismatch: "the columns do not give it",
  forms: "not rebuilt: its numbers can be written in too many ways",
  unhashed: "none is stored",
};
export const sealWords: Readonly<Record<EventVerdict["seal"], string>> = {
  right: "right",
  wrong: "wrong",
  blank: "none is stored",
  unheard: "not checked: the console has no right AUDIT_HMAC_KEY",
};
export const signatureWords: Readonly<Record<EventVerdict["signature"], string>> = {
  right: "right",
  contradicts: "contradicts the columns",
  unheard: "not checked",
};

const count = (n: number) => n.toLocaleString("en-US");

/** What the stream could say, and how far it was looked at. */
export function streamWords(stream: EventVerdict["stream"]): string {
  if (stream.state === "no key") return "not asked: without AUDIT_HMAC_KEY its signatures cannot be checked";
  if (stream.state === "unreachable") return "Redis does not answer; the verdict is without it";
  if (stream.state === "found") return `signed copy found (${stream.entry})`;
  return stream.whole
    ? `no signed copy among the ${count(stream.looked)} entries that it still has of that time`
    : `no signed copy in the ${count(stream.looked)} entries nearest to that time; a check of the zone looks at all`;
}

/** What the signed copy says of a row that is not there. */
export function goneWords(copy: SignedCopyView): string {
  if (copy.state === "no key") return "Not looked for: without AUDIT_HMAC_KEY a copy's signature cannot be checked.";
  if (copy.state === "unreachable") return "Redis does not answer: the stream could not be looked at. Try again.";
  if (copy.state === "found")
    return "The row is not in audit_events. The stream still holds its signed copy: preserve the streams before they are trimmed.";
  if (copy.named)
    return "The entry that held its signed copy is not in the stream any more: it was trimmed. What was preserved before that may have it.";
  if (copy.looked === 0 && !copy.whole)
    return "No signed copy was looked for: the id does not say when it was made. A check of the zone looks at the whole stream.";
  return `No signed copy among the ${count(copy.looked)} entries of the stream from around when the id was made. A check of the zone looks at all.`;
}

/** A link of the chain, before (`back`) or after the row. */
export function linkWords(link: LinkVerdict | null, back: boolean): string {
  switch (link) {
    case null:
      return "the row has no place in the chain";
    case "holds":
      return "holds";
    case "broken":
      return back ? "broken: it does not hold the hash of the row before" : "broken: the next row holds another hash";
    case "missing":
      return back ? "the row before is not there" : "the next row is not there";
    case "beyond retention":
      return "earlier rows are gone, by retention or deleted: a check of the zone tells which, where it can be told";
    default:
      return back ? "the first of its zone" : "the newest of its zone";
  }
}
