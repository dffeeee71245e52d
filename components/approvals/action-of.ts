import { type ActionPolicy, actionNames, policyOf } from "@/server/auth/action-policy";

/** The policy of an action by the name that a stored request carries; null for one that this release no longer knows. */
export function actionOf(name: string): ActionPolicy | null {
  const known = actionNames.find((candidate) => candidate === name);
  return known === undefined ? null : policyOf(known);
}

/** Who has to agree, in words: "a responder asks, and somebody else who is approver, security or responder approves". */
export function agreementWords(policy: Pick<ActionPolicy, "roles" | "approval">): string {
  if (policy.approval.kind === "one") return `One ${listOf(policy.roles)}. No second person is needed.`;
  const { voters, security, minutes } = policy.approval;
  const holds = security ? " One of the voters, other than who asks, is of security." : "";
  return `Two people: ${listOf(policy.roles.map(personOf))} asks, and somebody else who is ${listOf(voters)} approves, within ${minutes} minutes.${holds}`;
}

/** Security and compliance are teams: one says "somebody of security". */
const teams: readonly string[] = ["security", "compliance"];
const personOf = (role: string) =>
  teams.includes(role) ? `somebody of ${role}` : `${/^[aeiou]/.test(role) ? "an" : "a"} ${role}`;
const listOf = (words: readonly string[]) =>
  words.length < 2 ? (words[0] ?? "nobody") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
