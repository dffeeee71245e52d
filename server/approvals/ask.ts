import { randomBytes, randomUUID } from "node:crypto";
import type { z } from "zod";
import { type ActionName, policyOf } from "@/server/auth/action-policy";
import { recentProof, type RecentProof, requireRecentProof } from "@/server/auth/recent-proof";
import type { Actor } from "@/server/auth/roles";
import { type ApprovalContext, meNow } from "@/server/approvals/act-on-request";
import type { ApprovedAction, Blast, Frozen, Json } from "@/server/approvals/approved-action";
import { canonicalJson } from "@/server/approvals/canonical-json";
import { requestDigest, targetsDigestOf } from "@/server/approvals/request-digest";
import type { previewApprovalInput, requestApprovalInput } from "@/server/approvals/schemas";
import { type Me, twoPeopleRule, type TwoPeople } from "@/server/approvals/standing";
import { declareIn } from "@/server/incidents/declare-incident";
import { loadIncident, mergedWords } from "@/server/incidents/incident-rows";
import { wantReason } from "@/server/investigation/pass-guard";
import { queueNotice } from "@/server/notifications/queue-notice";
import { DomainError } from "@/server/platform/errors";
import { exactInstantSql } from "@/server/platform/exact-time";
import type { Queryable } from "@/server/platform/postgres";
import type { Severity } from "@/server/platform/severity";
import { appendEntries } from "@/server/timeline/append-entries";

const shownTargets = 200;

type Asked = { readonly rule: TwoPeople; readonly part: ApprovedAction };

/** @throws bad_input, forbidden, precondition_failed */
function askable(actions: ApprovalContext["actions"], action: ActionName, me: Pick<Me, "roles">): Asked {
  const rule = twoPeopleRule(action);
  if (rule === null) throw new DomainError("bad_input", "This takes one person: do it where it is offered.");
  if (!rule.asks.some((role) => me.roles.includes(role)))
    throw new DomainError("forbidden", `Asking for this needs the role ${rule.asks.join(" or ")}.`);
  const part = actions.get(action);
  if (part === undefined)
    throw new DomainError("precondition_failed", `${policyOf(action).label} is not available in this release.`);
  return { rule, part };
}

export type ApprovalPreview = {
  readonly severity: Severity;
  readonly parameters: Json;
  readonly targets: readonly string[]; // the first 200
  readonly targetCount: number;
  readonly targetsDigest: string;
  readonly preconditions: Json;
  readonly playbookVersion: string;
  readonly blast: Blast;
  readonly minutes: number;
  readonly belongsTo: string | null; // the incident on whose record it has to stand; null: any
  readonly reauthentication: RecentProof;
};

/** What a request would freeze right now; writes nothing. @throws bad_input, not_found, source_unreachable */
export async function previewApproval({
  ctx: { db, actor, signInId, actions },
  input,
}: {
  ctx: ApprovalContext;
  input: z.output<typeof previewApprovalInput>;
}): Promise<ApprovalPreview> {
  const { rule, part } = askable(actions, input.action, actor);
  const reauthentication = await recentProof(db, signInId, actor.id);
  const { targets, ...frozen } = await part.freeze(input.parameters, actor);
  return {
    ...frozen,
    belongsTo: (await part.belongsTo?.(frozen.parameters)) ?? null,
    targets: targets.slice(0, shownTargets),
    targetCount: targets.length,
    targetsDigest: targetsDigestOf(targets),
    minutes: rule.minutes,
    reauthentication,
  };
}

/** The incident that it belongs to: the one given, held and open, or a new one of the action's severity. */
async function incidentFor(tx: Queryable, actor: Actor, given: string | null, label: string, frozen: Frozen) {
  if (given === null) {
    const title = `${label}: ${frozen.blast.sentence}`;
    const declared = await declareIn(tx, actor, { title, severity: frozen.severity, origin: "by-hand" });
    return declared.incidentId;
  }
  const incident = await loadIncident(tx, actor, given, true);
  if (incident.merged_into !== null)
    throw new DomainError("conflict", `INC-${incident.number} was merged into ${mergedWords(incident)}.`);
  if (incident.state === "closed")
    throw new DomainError("precondition_failed", `INC-${incident.number} is closed. Reopen it first.`);
  return given;
}

/** The incident to ask under: where the act belongs, else the one given. @throws conflict when another was given */
async function incidentAsked(part: ApprovedAction, parameters: Json, given: string | null): Promise<string | null> {
  const belongsTo = (await part.belongsTo?.(parameters)) ?? null;
  if (belongsTo !== null && given !== null && given !== belongsTo)
    throw new DomainError(
      "conflict",
      "This belongs on the record of another incident than the one you chose. Ask under that one.",
    );
  return belongsTo ?? given;
}

/** Beside the one who asks: two people in all. */
const votesNeeded = 1;

/** Active people, other than who asks, who may vote and may see the incident. */
const votersSql = `SELECT p.id FROM people p JOIN incidents i ON i.id = $1
  WHERE p.active AND p.id <> $2 AND held_roles(p) && $3 AND (NOT i.restricted OR held_roles(p) && ARRAY['security', 'admin'] OR EXISTS (
    SELECT 1 FROM incident_members m WHERE m.incident_id = i.id AND m.person_id = p.id AND m.active))
  ORDER BY p.id LIMIT 500`;

/**
 * Asks for an act that takes two people: freezes what it means now, binds it by its digest, puts it on the record of its
 * incident (a new one where none is given) and tells those who may vote.
 * @throws bad_input, forbidden, not_found, conflict, precondition_failed (stale proof of identity, closed incident), source_unreachable
 */
export async function requestApproval({
  ctx: { db, actor, signInId, actions },
  input,
}: {
  ctx: ApprovalContext;
  input: z.output<typeof requestApprovalInput>;
}): Promise<{ readonly approvalId: string; readonly incidentId: string; readonly digest: string }> {
  const { part } = askable(actions, input.action, actor);
  await requireRecentProof(db, signInId, actor.id);
  const frozen = await part.freeze(input.parameters, actor); // reads other systems: never inside a transaction
  const policy = policyOf(input.action);
  const investigationReason = input.investigationReason ?? null;
  const incidentAskedFor = await incidentAsked(part, frozen.parameters, input.incidentId ?? null);
  await wantReason(db, { action: input.action, zones: part.zonesOf(frozen), actor }, investigationReason);
  return db.transaction(async (tx) => {
    const me = await meNow(tx, actor);
    if (!me.active) throw new DomainError("forbidden", "Your account is no longer active.");
    const { rule } = askable(actions, input.action, me);
    await requireRecentProof(tx, signInId, actor.id);
    const incidentId = await incidentFor(tx, actor, incidentAskedFor, policy.label, frozen);
    const [clock] = await tx.query<{ expires: string }>(
      `SELECT ${exactInstantSql("(clock_timestamp() + make_interval(mins => $1))")} AS expires`,
      [rule.minutes],
    );
    if (clock === undefined) throw new Error("the database gave no time");
    const [id, nonce, targetsDigest] = [
      randomUUID(),
      randomBytes(24).toString("base64url"),
      targetsDigestOf(frozen.targets),
    ];
    const digest = requestDigest({
      action: input.action,
      severity: frozen.severity,
      parameters: frozen.parameters,
      targetsDigest,
      preconditions: frozen.preconditions,
      incident: incidentId,
      playbookVersion: frozen.playbookVersion,
      requester: actor.id,
      nonce,
      expiresAt: clock.expires,
      reason: input.reason,
      votesNeeded,
      securityNeeded: rule.security,
      investigationReason,
    });
    await tx.query(
      `INSERT INTO approval_requests (id, action, severity, parameters, targets, target_count, targets_digest, preconditions, blast,
         incident_id, playbook_version, requester_id, requester_name, reason, nonce, votes_needed, security_needed, expires_at, digest,
         investigation_reason)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
      [
        id,
        input.action,
        frozen.severity,
        canonicalJson(frozen.parameters),
        canonicalJson(frozen.targets),
        frozen.targets.length,
        targetsDigest,
        canonicalJson(frozen.preconditions),
        JSON.stringify(frozen.blast),
        incidentId,
        frozen.playbookVersion,
        actor.id,
        actor.name,
        input.reason,
        nonce,
        votesNeeded,
        rule.security,
        clock.expires,
        digest,
        investigationReason,
      ],
    );
    const voters = await tx.query<{ id: string }>(votersSql, [incidentId, actor.id, rule.voters]);
    await queueNotice(tx, {
      key: `approval-requested:${id}`,
      kind: "approval-requested",
      incidentId,
      severity: frozen.severity,
      people: voters.map((voter) => voter.id),
      sentence: `${actor.name} asks for approval: ${policy.label}. ${frozen.blast.sentence}`.slice(0, 300),
      path: `/approvals/${id}`,
    });
    await appendEntries(tx, [
      {
        chain: incidentId,
        kind: "approval.requested",
        by: actor,
        summary: `${actor.name} asked for approval: ${policy.label}. ${frozen.blast.sentence}. Reason: ${input.reason}${investigationReason === null ? "" : `. Although a zone is under tamper investigation: ${investigationReason}`}`,
        details: {
          parameters: { action: input.action, targets: frozen.targets.length, targetsDigest, expiresAt: clock.expires },
          refs: { approval: id, digest },
        },
      },
    ]);
    return { approvalId: id, incidentId, digest };
  });
}
