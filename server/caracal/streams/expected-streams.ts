/** What contract section 3 says a release of generation A provisions. More may exist: discover, never assume the list. */
export type ExpectedStream = {
  readonly name: string;
  readonly bound: number | null;
  readonly groups: readonly string[];
};

export const auditStream = "caracal.audit.events";
const auditDeadLetters = "caracal.audit.events.dlq";
export const revocationStream = "caracal.sessions.revoke";
export const policyStream = "caracal.policy.invalidate";
export const keysStream = "caracal.keys.invalidate";

export const expectedStreams: readonly ExpectedStream[] = [
  { name: revocationStream, bound: 10_000, groups: ["sts-revocation", "gateway-revocation"] },
  { name: policyStream, bound: 10_000, groups: ["opa-engine"] },
  { name: keysStream, bound: 10_000, groups: ["sts-keys"] },
  { name: auditStream, bound: 1_000_000, groups: ["audit-ingestor", "siem-export"] },
  { name: auditDeadLetters, bound: 100_000, groups: ["audit-dlq-observer"] },
  { name: "caracal.agents.lifecycle", bound: null, groups: ["coordinator-relay"] },
  { name: "caracal.invocations.lifecycle", bound: null, groups: ["invocations-observer"] },
  { name: "caracal.delegations.invalidate", bound: null, groups: ["delegations-observer"] },
];

/** Groups that a running service of the release reads, and which. Any other group at 0-0 was merely provisioned. */
const readers: Readonly<Record<string, "sts" | "gateway" | "audit">> = {
  "sts-revocation": "sts",
  "opa-engine": "sts",
  "sts-keys": "sts",
  "gateway-revocation": "gateway",
  "audit-ingestor": "audit",
};

/** The service whose replicas share this group (trap 3), or null when nothing in the release is known to read it. */
export function readerOf(group: string): "sts" | "gateway" | "audit" | null {
  return readers[group] ?? null;
}

/** Dead letters: the audit DLQ, and what a consumer gave up on after five failures. */
export function isDeadLetterStream(name: string): boolean {
  return name === auditDeadLetters || name.endsWith(".dlq") || name.endsWith(".dead");
}

/** Streams whose messages carry `_sig` (all but the audit stream and its dead letters, contract section 3). */
export function isSignedStream(name: string): boolean {
  return name.startsWith("caracal.") && !name.startsWith(auditStream) && name !== "caracal.providers.ratelimit";
}
