import type { GatewayProof, RunProof } from "@/server/playbooks/schemas";

function gatewayFact(gateway: GatewayProof): string {
  const { replica, expected } = gateway;
  const count = gateway.known ?? gateway.atLeast;
  const known =
    count === null ? "" : gateway.known === null ? `at least ${count} of ${expected}` : `${count} of ${expected}`;
  if (gateway.verdict === "silent")
    return known === "" ? `${replica} does not tell its count` : `${replica} does not answer; it last knew ${known}`;
  if (gateway.verdict === "cannot-tell")
    return `${replica} cannot tell how many it knows${known === "" ? "" : `: ${known}`}`;
  return `${replica} knows ${known}`;
}

/**
 * What a look says, as one sentence per subject, without ages or anything else that changes by itself: a sentence that differs
 * from the last one is a change worth a line in the log.
 */
export function observedFacts(proof: RunProof): Record<string, string> {
  const facts: Record<string, string> = {
    trouble: proof.trouble.length > 0 ? proof.trouble.join(" ") : "Every source answers",
  };
  if (proof.observedAt === null || proof.trouble.length > 0) return facts;
  if (proof.total === 0) return facts; // nothing is written yet, so "0 of 0" would say nothing
  facts.proved = `${proof.proved} of ${proof.total} proved`;
  facts.live =
    proof.live === 0 ? "No live session of the subject is left" : `${proof.live} live sessions of the subject`;
  for (const group of proof.groups) {
    if (!group.required) continue;
    const waits = [
      group.pending > 0 ? `${group.pending} not acknowledged` : null,
      group.unread > 0 ? `${group.unread} unread` : null,
      group.note,
    ].filter((part) => part !== null);
    facts[`group:${group.group}`] =
      `${group.group} passed ${group.passed} of ${proof.total}${waits.length > 0 ? `; ${waits.join(", ")}` : ""}`;
  }
  for (const gateway of proof.gateways) facts[`gateway:${gateway.replica}`] = gatewayFact(gateway);
  const dropped = proof.targets.filter(
    (target) => target.signature === "invalid" || target.signature === "missing",
  ).length;
  if (dropped > 0) facts.signature = `${dropped} entries carry no valid signature: consumers drop them`;
  return facts;
}
