import { type ActionPolicy, actionNames, policyOf } from "@/server/auth/action-policy";

/** The policy of an action by the name that a stored request carries; null for one that this release no longer knows. */
export function actionOf(name: string): ActionPolicy | null {
  const known = actionNames.find((candidate) => candidate === name);
  return known === undefined ? null : policyOf(known);
}

/** Who has to agree, in words: "responder asks; approver, security or responder votes, other than who asked". */
export function agreementWords(policy: Pick<ActionPolicy, "roles" | "approval">): string {
  const asks = listOf(policy.roles);
  if (policy.approval.kind === "one") return `One ${asks}. No second person is needed.`;
  const { voters, security, minutes } = policy.approval;
  const holds = security ? " One of the voters, other than who asks, holds security." : "";
  return `Two people: ${article(asks)} asks, and somebody else who is ${listOf(voters)} approves, within ${minutes} minutes.${holds}`;
}

const article = (words: string) => (/^[aeiou]/.test(words) ? `an ${words}` : `a ${words}`);
const listOf = (words: readonly string[]) =>
  words.length < 2 ? (words[0] ?? "nobody") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
