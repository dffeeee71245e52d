import type { LetterClass } from "@/server/redrive/schemas";

/** What a dead letter of the audit stream says about the fault behind it. */
export const letterSorts = [
  "security-signal",
  "conflict",
  "outage",
  "drifted",
  "signature",
  "signature-unknown",
  "refused",
  "unreadable",
  "other",
] as const;
export type LetterSort = (typeof letterSorts)[number];

type Meaning = { readonly what: string; readonly todo: string; readonly goesBack: boolean };

export const sortMeanings: Readonly<Record<LetterSort, Meaning>> = {
  "security-signal": {
    what: "replayed mandates, which always land here unsigned",
    todo: "follow up the mandate; never sign them silently",
    goesBack: false,
  },
  conflict: {
    what: "events whose id is recorded with other content: tampering, or a producer's fault",
    todo: "the tamper playbook; never redriven",
    goesBack: false,
  },
  outage: {
    what: "honest events that Postgres could not take in time",
    todo: "redrive them once it takes rows again",
    goesBack: true,
  },
  drifted: {
    what: "honest events whose signature ingestion refused under another AUDIT_HMAC_KEY and that verify under the console's",
    todo: "redrive them once audit has that key",
    goesBack: true,
  },
  signature: {
    what: "events with a wrong signature under AUDIT_HMAC_KEY as the console has it: forged, or signed under another key",
    todo: "not redriven as they are",
    goesBack: false,
  },
  "signature-unknown": {
    what: "events whose signature ingestion refused, forged or honest: the console has no AUDIT_HMAC_KEY to tell",
    todo: "give it the key",
    goesBack: false,
  },
  refused: { what: "events that Postgres refuses for good", todo: "not to be recorded as they are", goesBack: false },
  unreadable: { what: "no event that could be read", todo: "find the producer", goesBack: false },
  other: { what: "another reason", todo: "read them", goesBack: false },
};

/** Those that go back. */
export const backSorts: readonly LetterSort[] = letterSorts.filter((sort) => sortMeanings[sort].goesBack);

/**
 * Tells the letters apart by what a redrive's classification says of them alone, so that this playbook and the redrive never disagree on
 * what is honest (contract section 3, traps 11, 18 and 21). `keyed`: the console had an AUDIT_HMAC_KEY to look with. Pure.
 */
export function sortOf(letter: { readonly class: LetterClass; readonly cause: string }, keyed: boolean): LetterSort {
  switch (letter.class) {
    case "security-signal":
    case "conflict":
    case "refused":
    case "unreadable":
      return letter.class;
    case "bad-signature":
      return keyed ? "signature" : "signature-unknown";
    case "missing":
      if (letter.cause === "hmac_verify_failed") return "drifted";
      return /^(transient_exceeded_max_deliveries|pg_permanent_error)$/.test(letter.cause) ? "outage" : "other";
    default:
      return "other"; // recorded and quarantined take more than the letter
  }
}
