import { z } from "zod";
import type { FindingKind, Witness } from "@/server/audit/verify/judge-row";
import type { AdminAct, ChainPlace, Connections, Writer } from "@/server/caracal/audit-writers-read";

export type AffectedRow = {
  readonly seq: number | null;
  readonly eventId: string | null;
  readonly finding: FindingKind;
  readonly columns: readonly string[];
  readonly witnesses: readonly Witness[];
};
type Span = { readonly first: string | null; readonly last: string | null };

/** How far a tampering reaches and who could have done it. Instants are ISO. */
export type ScopeReport = {
  readonly kind: "scope";
  readonly at: string;
  readonly checkId: string;
  readonly affected: { readonly rows: readonly AffectedRow[]; readonly count: number }; // the first 20
  readonly neighbours: readonly ChainPlace[];
  readonly window: {
    readonly from: string; // it was not done before
    readonly to: string; // nor after
    readonly lastWhole: string | null; // by a check of this console
    readonly occurred: Span; // of the rows and their neighbours
    readonly ingested: Span;
  };
  readonly connections: readonly Connections[];
  readonly hiddenConnections: number; // of which our role may not see address, start and state
  readonly writers: readonly Writer[];
  readonly adminActs: { readonly acts: readonly AdminAct[]; readonly more: boolean };
};

export const verdicts = ["tampered", "not-tampered", "cannot-tell"] as const;
export const confidences = ["certain", "probable", "possible"] as const;
export const tookKinds = ["database", "database-and-key", "nothing", "unknown"] as const;

const instant = z.iso.datetime({ offset: true });
/** A verdict: what, how sure, since when at the earliest and the latest, and what it took to do it. */
export const verdictInput = z.object({
  verdict: z.enum(verdicts),
  confidence: z.enum(confidences),
  notBefore: instant.nullable(),
  notAfter: instant.nullable(),
  took: z.enum(tookKinds),
});
export type Verdict = z.output<typeof verdictInput>;

/** What the findings speak for. A person decides. */
export type VerdictProposal = {
  readonly kind: "proposal";
  readonly checkId: string;
  readonly proposed: Verdict;
  readonly because: readonly string[];
};
/** What was decided, beside what was proposed. */
export type VerdictGiven = {
  readonly kind: "verdict";
  readonly given: Verdict;
  readonly proposal: VerdictProposal | null;
};

/** How far a stream had come: its last generated id. */
export type StreamPosition = { readonly kind: "position"; readonly stream: string; readonly lastId: string };

export type GuidedReport = ScopeReport | VerdictProposal | VerdictGiven | StreamPosition;

export const verdictWords: Readonly<Record<Verdict["verdict"], string>> = {
  tampered: "Tampered with",
  "not-tampered": "Not tampered with",
  "cannot-tell": "It cannot be told",
};
export const tookWords: Readonly<Record<Verdict["took"], string>> = {
  database: "write access to the database",
  "database-and-key": "write access to the database and AUDIT_HMAC_KEY",
  nothing: "nothing",
  unknown: "what it took is not known",
};
