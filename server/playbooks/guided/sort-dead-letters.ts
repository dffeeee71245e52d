import type { DeadLetterReading } from "@/server/caracal/streams/dead-letter";

/** What a dead letter of the audit stream says about the fault behind it. */
export const letterSorts = [
  "security-signal",
  "conflict",
  "outage",
  "signature",
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
  signature: {
    what: "events with a wrong signature: forged, or all of them after AUDIT_HMAC_KEY drifted",
    todo: "redriven only when they verify under the key as it is now",
    goesBack: false,
  },
  refused: { what: "events that Postgres refuses for good", todo: "not to be recorded as they are", goesBack: false },
  unreadable: { what: "no event that could be read", todo: "find the producer", goesBack: false },
  other: { what: "another reason", todo: "read them", goesBack: false },
};

// Conditions of the database, of its connections or its settings: the event is not at fault (08, 25, 40, 53, 55, 57, 58).
const ofTheDatabase = /SQLSTATE (08|25|40|53|55|57|58)/;

/** Tells the letters apart by their own words (contract section 3, traps 11, 18 and 21). Pure. */
export function sortOf({ kind, cause, reason }: Pick<DeadLetterReading, "kind" | "cause" | "reason">): LetterSort {
  if (kind === "security-signal") return "security-signal";
  switch (cause) {
    case "tamper_on_replay":
      return "conflict";
    case "transient_exceeded_max_deliveries":
      return "outage";
    case "pg_permanent_error":
      return ofTheDatabase.test(reason) ? "outage" : "refused";
    case "hmac_verify_failed":
      return "signature";
    case "missing_data_field":
    case "json_parse_error":
      return "unreadable";
    default:
      return "other";
  }
}
