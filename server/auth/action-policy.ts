import type { Role } from "@/server/auth/roles";
import type { Severity } from "@/server/platform/severity";

/**
 * How an action is agreed on. `one`: a person with one of its roles does it. `two`: they ask, and somebody else with one of
 * `voters` approves the exact bytes; with `security` one of the voters, other than the requester, holds that role.
 */
export type ApprovalRule =
  | { readonly kind: "one" }
  | { readonly kind: "two"; readonly voters: readonly Role[]; readonly security: boolean; readonly minutes: number };

export type ActionPolicy = {
  readonly label: string;
  readonly severity: Severity; // of the act, not of what led to it
  readonly effect: string;
  readonly undo: string; // how it is taken back, or that it cannot be
  readonly roles: readonly Role[]; // who may do it, or ask for it
  readonly approval: ApprovalRule;
  readonly available: boolean; // false: enforced as soon as it exists, no screen offers it yet
};

const responders: readonly Role[] = ["responder"];
const two = (security = false): Extract<ApprovalRule, { kind: "two" }> => ({
  kind: "two",
  voters: security ? ["approver", "security"] : ["approver", "security", "responder"],
  security,
  minutes: 15,
});

/** Every action of the product on Caracal. The one table that is enforced (approvals, verbs) and shown in Settings. */
export const actionPolicy = {
  "revoke-subject": {
    label: "Revoke one subject's sessions",
    severity: "P2",
    effect: "Every live session and agent session of one subject in one zone stops minting.",
    undo: "Cannot be undone; the subject signs in again.",
    roles: responders,
    approval: { kind: "one" },
    available: true,
  },
  "revoke-zone": {
    label: "Revoke several subjects or a whole zone",
    severity: "P1",
    effect: "Every live session of the chosen subjects, or of the zone, stops minting.",
    undo: "Cannot be undone; everybody concerned signs in again.",
    roles: responders,
    approval: two(),
    available: true,
  },
  "revoke-fleet": {
    label: "Revoke every session of several or all zones",
    severity: "P1",
    effect: "Every live session of those zones stops minting; each zone has a run with its own proof.",
    undo: "Cannot be undone; everybody signs in again.",
    roles: responders,
    approval: two(),
    available: true,
  },
  "freeze-zone": {
    label: "Freeze a zone",
    severity: "P1",
    effect: "No STS mints for the zone until it is thawed.",
    undo: "Thaw puts back exactly what was.",
    roles: responders,
    approval: two(),
    available: true,
  },
  "thaw-zone": {
    label: "Thaw a zone",
    severity: "P2",
    effect: "The zone's policy bindings are put back as they were; minting goes on.",
    undo: "Freeze again.",
    roles: responders,
    approval: { kind: "one" },
    available: true,
  },
  "replace-application-secret": {
    label: "Replace an application's secret",
    severity: "P2",
    effect: "The old secret mints nothing from now on; the application stops working until it has the new one.",
    undo: "Cannot be undone; replace it again.",
    roles: responders,
    approval: { kind: "one" },
    available: true,
  },
  "rotate-zone-key": {
    label: "Rotate zone signing keys",
    severity: "P1",
    effect: "A new key signs the zone's mandates; the one before the last is trusted no more.",
    undo: "Cannot be undone; rotate again.",
    roles: ["responder", "security"],
    approval: two(true),
    available: true,
  },
  "re-encrypt-kek": {
    label: "Re-encrypt everything under a new KEK",
    severity: "P1",
    effect: "Zone keys, provider secrets and grant tokens are sealed anew.",
    undo: "Re-encrypt back while the old KEK is known.",
    roles: ["responder", "security"],
    approval: two(true),
    available: true,
  },
  "redrive-dead-letters": {
    label: "Redrive dead letters",
    severity: "P2",
    effect:
      "Events that are missing from the audit log go back as they were; each dead letter goes once its row is seen.",
    undo: "Cannot be undone; adding an event that is recorded already changes nothing.",
    roles: ["responder", "security"],
    approval: { kind: "one" },
    available: true,
  },
  "hear-consumers": {
    label: "Ask whether consumers live",
    severity: "P3",
    effect:
      "Up to 40 revocations of a session that is revoked already go through the outbox and the stream of that session's zone.",
    undo: "Cannot be undone; the messages change nothing, and their outbox rows stay.",
    roles: ["responder", "security"],
    approval: { kind: "one" },
    available: true,
  },
  "restart-replica": {
    label: "Restart one replica of a service",
    severity: "P3",
    effect: "One replica is away for seconds while another serves, or while it is down anyway.",
    undo: "Cannot be undone; it comes back by itself, and its counters begin anew.",
    roles: ["responder", "security"],
    approval: { kind: "one" },
    available: true,
  },
  "restart-service": {
    label: "Restart a whole service",
    severity: "P1",
    effect: "Every replica of the service is restarted, the next one when the one before is ready again.",
    undo: "Cannot be undone. Where a restart replaces the container, what waits in an STS's audit spool is lost.",
    roles: ["responder", "security"],
    approval: two(),
    available: true,
  },
  "claim-pending": {
    label: "Claim pending entries to a living consumer",
    severity: "P3",
    effect: "Entries that one consumer holds stand under another's name; nothing is delivered by it.",
    undo: "Taken back once, for what is still there.",
    roles: responders,
    approval: { kind: "one" },
    available: true,
  },
  "ack-proved": {
    label: "Acknowledge pending entries that are proved",
    severity: "P3",
    effect:
      "Entries whose event is recorded or whose session is revoked are no longer pending. Proved again as it is done.",
    undo: "Cannot be undone; the entries stay in the stream.",
    roles: responders,
    approval: { kind: "one" },
    available: true,
  },
  "ack-pending": {
    label: "Acknowledge pending entries without proof",
    severity: "P2",
    effect:
      "Their consumers never apply them: what they say is dropped. The entries stay in the stream until it is trimmed.",
    undo: "Cannot be undone; an entry can be added to its stream again.",
    roles: ["responder", "security"],
    approval: two(),
    available: true,
  },
  "destroy-consumer": {
    label: "Remove an empty, silent consumer",
    severity: "P3",
    effect: "A consumer's name that holds nothing and has been silent for a minute is gone from its group.",
    undo: "A living consumer is made again by its next read.",
    roles: responders,
    approval: { kind: "one" },
    available: true,
  },
  "requeue-outbox": {
    label: "Try dead outbox rows again",
    severity: "P2",
    effect: "Rows that were given up on are due again, attempts counted anew; what they say is published if it can be.",
    undo: "Cannot be undone: what was published cannot be called back. A row that goes on failing is parked again.",
    roles: ["responder", "security"],
    approval: two(),
    available: true,
  },
  "re-sign-event": {
    label: "Edit or re-sign an audit event",
    severity: "P1",
    effect: "A dead letter goes back with a signature it did not have. The original is kept.",
    undo: "Cannot be undone.",
    roles: ["security"],
    approval: two(true),
    available: true,
  },
  "discard-dead-letters": {
    label: "Discard dead letters",
    severity: "P1",
    effect: "Exported entries are deleted from the dead-letter stream.",
    undo: "The export is kept; the stream's entries are not.",
    roles: ["responder", "security"],
    approval: two(true),
    available: true,
  },
} as const satisfies Readonly<Record<string, ActionPolicy>>;

export type ActionName = keyof typeof actionPolicy;
/** The actions that take two people: each of them, and no other, has its part in server/runtime/approved-actions.ts. */
export type TwoPersonAction = {
  [Name in ActionName]: (typeof actionPolicy)[Name]["approval"]["kind"] extends "two" ? Name : never;
}[ActionName];
export const actionNames = Object.keys(actionPolicy) as readonly ActionName[];
/** The policy of an action, as every place that enforces or shows it reads it. */
export const policyOf = (action: ActionName): ActionPolicy => actionPolicy[action];
