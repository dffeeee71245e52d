import { createHash } from "node:crypto";
import { canonicalJson } from "@/server/approvals/canonical-json";
import type { Json } from "@/server/approvals/approved-action";

/** Everything that an approval is bound to. Instants are ISO text with microseconds, as the database gives them. */
export type Bound = {
  readonly action: string;
  readonly severity: string;
  readonly parameters: Json;
  readonly targetsDigest: string;
  readonly preconditions: Json;
  readonly incident: string | null;
  readonly playbookVersion: string;
  readonly requester: string;
  readonly nonce: string;
  readonly expiresAt: string;
  readonly reason: string;
  readonly votesNeeded: number;
  readonly securityNeeded: boolean;
  readonly investigationReason: string | null; // why, although a zone is under tamper investigation
};

/** In hex, of the text as UTF-8. */
export const sha256 = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");

/** Digest of the frozen list, in its order. */
export const targetsDigestOf = (targets: readonly string[]): string => sha256(canonicalJson(targets));

/** The exact text whose SHA-256 is the request's digest; named members only, so that nothing rides along unseen. */
export const boundText = (bound: Bound): string =>
  canonicalJson({
    action: bound.action,
    severity: bound.severity,
    parameters: bound.parameters,
    targetsDigest: bound.targetsDigest,
    preconditions: bound.preconditions,
    incident: bound.incident,
    playbookVersion: bound.playbookVersion,
    requester: bound.requester,
    nonce: bound.nonce,
    expiresAt: bound.expiresAt,
    reason: bound.reason,
    votesNeeded: bound.votesNeeded,
    securityNeeded: bound.securityNeeded,
    // bound where there is one, so that requests from before it existed keep their digest
    ...(bound.investigationReason === null ? {} : { investigationReason: bound.investigationReason }),
  });

/** What a vote names and an execution is held to. */
export const requestDigest = (bound: Bound): string => sha256(boundText(bound));
