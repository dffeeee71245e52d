import { compareStreamIds, timeOfStreamId } from "@/server/caracal/revocation/stream-ids";
import type { RevocationGroup, RevocationStream } from "@/server/caracal/revocation/revocation-groups";
import { alwaysRequiredGroups, resourceGroup } from "@/server/caracal/revocation/revocation-stream";
import type { GatewayGain } from "@/server/playbooks/revoke-session/gateway-count";
import type { GatewayProof, GroupProof, OutboxProof, RunProof, TargetProof } from "@/server/playbooks/schemas";

export type PublicationFacts = {
  readonly outboxId: string;
  readonly streamId: string | null;
  readonly signature: "valid" | "invalid" | "missing" | null;
};
export type TargetFacts = {
  readonly sid: string;
  readonly expiresAt: Date;
  readonly sweep: number;
  readonly outcome: TargetProof["outcome"];
  readonly publications: readonly PublicationFacts[]; // oldest first
};

/** Everything that was read in one look, and nothing else: what the verdicts are made of. */
export type Observations = {
  readonly now: number;
  readonly targets: readonly TargetFacts[]; // those looked at; proved ones of large runs are counted in `provedBefore`
  readonly provedBefore: number;
  readonly outbox: ReadonlyMap<string, OutboxProof>;
  readonly statuses: ReadonlyMap<string, string>;
  readonly stream: RevocationStream;
  readonly pending: ReadonlyMap<
    string,
    { readonly pending: ReadonlySet<string>; readonly unknown: ReadonlySet<string> }
  >;
  readonly resourceKeys: ReadonlySet<string>;
  readonly hasKey: boolean;
  readonly gateways: readonly GatewayProof[];
  readonly gained: GatewayGain | null; // null: gateways' counts cannot tell
  readonly knownGroups: readonly string[]; // groups in use at the run's baseline or its last look
  readonly live: number;
  readonly trouble: readonly string[];
};

type JudgedGroup = { readonly name: string; readonly required: boolean; readonly state: RevocationGroup | null };
const shownTargets = 50;
const [, gatewayGroup] = alwaysRequiredGroups;

/** How long gateways and resource servers remember a revocation (contract section 3), less an hour. */
const rememberedMs = 23 * 3_600_000;
/** Gateways' counts tell what became of an entry once they were read this long after it was added. */
const settlesMs = 2_000;

/**
 * The groups of the stream, the two that must be there, and those that were in use before: a group that was destroyed is
 * required still. Never-used ones are only shown.
 */
export function judgedGroups(stream: RevocationStream, knownGroups: readonly string[]): JudgedGroup[] {
  const must = new Set<string>([...alwaysRequiredGroups, ...knownGroups]);
  const names = new Set<string>([...must, ...stream.groups.map((group) => group.name)]);
  return [...names].map((name) => {
    const state = stream.groups.find((group) => group.name === name) ?? null;
    return {
      name,
      state,
      required: (state?.used ?? false) || must.has(name),
    };
  });
}

const order: readonly GroupProof[] = ["passed", "pending", "unread", "unknown", "lost", "never-used"];

function groupProof(group: JudgedGroup, seen: Observations, ids: readonly string[]): GroupProof {
  const { state } = group;
  if (!group.required) return "never-used";
  // A position without any consumer was set by whoever made the group: nothing was delivered up to there.
  if (state === null || state.consumers === 0 || ids.length === 0) return unreadOrUnknown(state, ids);
  const outstanding = seen.pending.get(group.name);
  const verdicts = ids.map((id): GroupProof => {
    if (compareStreamIds(state.lastDeliveredId, id) < 0) {
      const trimmed = seen.stream.firstId === null || compareStreamIds(id, seen.stream.firstId) < 0;
      return trimmed ? "lost" : "unread";
    }
    if (outstanding === undefined || outstanding.pending.has(id))
      return outstanding === undefined ? "unknown" : "pending";
    return outstanding.unknown.has(id) ? "unknown" : "passed";
  });
  return order.find((verdict) => verdicts.includes(verdict)) ?? "unknown";
}

const unreadOrUnknown = (state: RevocationGroup | null, ids: readonly string[]): GroupProof =>
  state === null || ids.length === 0 || ids.some((id) => compareStreamIds(state.lastDeliveredId, id) >= 0)
    ? "unknown"
    : "unread";

/** Why nothing can be told of a required group, or null. */
function unreadable(group: JudgedGroup): string | null {
  if (group.state === null)
    return `the group ${group.name} does not exist on the stream: it was destroyed, or its service never started its consumers; restart that service, then publish again`;
  if (group.state.consumers === 0 && group.state.lastDeliveredId !== "0-0")
    return `the group ${group.name} has no consumer: it was made anew and nothing was delivered to it; restart its service, then publish again`;
  return null;
}

const postgresState = (status: string | undefined, expired: boolean): TargetProof["postgres"] => {
  if (status === undefined) return "gone";
  if (status === "active") return expired ? "expired" : "active";
  return status === "revoked" || status === "expired" ? status : "unknown";
};

/** The one publication that speaks for a target: the first with a good signature, else the first found, else the first. */
function spokesman(target: TargetFacts): PublicationFacts | undefined {
  const found = target.publications.filter((publication) => publication.streamId !== null);
  return found.find((publication) => publication.signature === "valid") ?? found[0] ?? target.publications[0];
}

function signatureOf(publication: PublicationFacts | undefined, hasKey: boolean): TargetProof["signature"] {
  if (publication?.streamId == null) return null;
  if (publication.signature === "missing") return "missing";
  return hasKey ? publication.signature : "no-key";
}

const inWords: Partial<Record<GroupProof, (group: string) => string>> = {
  unread: (group) => `not yet read by ${group}`,
  pending: (group) => `delivered to ${group} but not acknowledged`,
  lost: (group) => `trimmed before ${group} read it: publish again`,
};

/** `gatewaysPassed`: how many of the run's sids the gateways' group has acknowledged. */
type Judging = Observations & { readonly gatewaysPassed: number };
type Unjudged = Omit<TargetProof, "proved" | "missing">;

function firstMissing(proof: Unjudged, required: readonly JudgedGroup[], seen: Judging): string | null {
  if (proof.outcome === "planned") return "not revoked yet";
  if (proof.postgres === "active") return "its row is active in Postgres";
  if (proof.outcome !== "revoked") return null; // nothing of ours was published for it
  if (proof.outbox.state === "none") return "its outbox row is missing";
  if (proof.outbox.state === "parked") return `its outbox row is parked: ${proof.outbox.error ?? "no reason recorded"}`;
  if (proof.outbox.state !== "dispatched") return "written, not published yet";
  if (proof.entry === null) return "published, its stream entry is not found yet";
  if (proof.signature === "invalid") return "its signature does not verify under STREAMS_HMAC_KEY: consumers drop it";
  if (proof.signature === "missing") return "it carries no signature: consumers drop it";
  if (proof.signature === null) return "its signature is not checked yet";
  for (const group of required) {
    const state = proof.groups[group.name] ?? "unknown";
    if (state === "unknown") return unreadable(group) ?? `nothing known of ${group.name}`;
    if (state !== "passed") return inWords[state]?.(group.name) ?? `not passed by ${group.name}`;
  }
  return missingEffect(proof, seen);
}

/** Acknowledged is not applied (trap 2): what consumers should show by now and do not. */
function missingEffect(proof: Unjudged, seen: Judging): string | null {
  if (proof.entry !== null && seen.now - proof.entry.at > rememberedMs) return null; // forgotten by then, as it should be
  if (proof.resourceKey === "absent")
    return `${resourceGroup} acknowledged it, but its revocation key is absent: consumers acknowledged and dropped it, as they do when their STREAMS_HMAC_KEY is another`;
  const { gained } = seen;
  if (gained === null) return null;
  const passed = seen.gatewaysPassed;
  if (gained.count >= passed) return null;
  if (proof.entry !== null && gained.readAt < proof.entry.at + settlesMs)
    return "acknowledged by gateway-revocation, whose replicas' counts are not read since";
  return `gateway-revocation acknowledged ${passed}, but its replicas count ${gained.count} of them: consumers acknowledged and dropped the rest, as they do when their STREAMS_HMAC_KEY is another (or CARACAL_GATEWAY_URLS lacks a replica)`;
}

/** Judges one target by every witness. Proved only when none is missing (laws 1; traps 1 and 2). */
function judgeTarget(proof: Unjudged, groups: readonly JudgedGroup[], seen: Judging): TargetProof {
  const missing = firstMissing(
    proof,
    groups.filter((group) => group.required),
    seen,
  );
  return { ...proof, missing, proved: missing === null };
}

/** What each witness says of one target. */
function witnesses(target: TargetFacts, groups: readonly JudgedGroup[], seen: Observations): Unjudged {
  const publication = spokesman(target);
  const outboxStates = target.publications
    .map((row) => seen.outbox.get(row.outboxId))
    .filter((row) => row !== undefined);
  const outbox = outboxStates.find((row) => row.state === "dispatched") ?? outboxStates[0];
  const ids = target.publications
    .filter((row) => row.streamId !== null && (row.signature === "valid" || row.signature === publication?.signature))
    .map((row) => row.streamId ?? "");
  const resourceUsed = groups.some((group) => group.name === resourceGroup && group.required);
  return {
    sid: target.sid,
    expiresAt: target.expiresAt.toISOString(),
    sweep: target.sweep,
    outcome: target.outcome,
    outbox: outbox ?? ({ state: "none", at: null, error: null } as const),
    entry:
      publication?.streamId == null ? null : { id: publication.streamId, at: timeOfStreamId(publication.streamId) },
    signature: signatureOf(publication, seen.hasKey),
    groups: Object.fromEntries(groups.map((group) => [group.name, groupProof(group, seen, ids)])),
    postgres: postgresState(seen.statuses.get(target.sid), target.expiresAt.getTime() <= seen.now),
    resourceKey: !resourceUsed ? "not-used" : seen.resourceKeys.has(target.sid) ? "present" : "absent",
  };
}

function groupLine(
  group: JudgedGroup,
  judged: readonly TargetProof[],
  provedBefore: number,
): RunProof["groups"][number] {
  const ours = judged.filter((target) => target.outcome === "revoked");
  const count = (state: GroupProof) => ours.filter((target) => target.groups[group.name] === state).length;
  const waiting = ours.filter((target) => target.groups[group.name] !== "passed" && target.entry !== null);
  const lost = count("lost");
  return {
    group: group.name,
    required: group.required,
    passed: count("passed") + (group.required && group.state !== null ? provedBefore : 0),
    pending: count("pending"),
    unread: count("unread"),
    lag: group.state?.lag ?? null,
    waitingSince:
      group.required && waiting.length > 0 ? Math.min(...waiting.map((target) => target.entry?.at ?? Infinity)) : null,
    note: !group.required
      ? "never used: provisioned, but nothing reads it"
      : (unreadable(group) ?? (lost > 0 ? `${lost} trimmed before it read them` : null)),
  };
}

function summarise(judged: readonly TargetProof[], total: number, provedCount: number, now: number): string {
  const parts = [`${provedCount} of ${total} proved`];
  const reasons = new Map<string, number>();
  for (const target of judged)
    if (target.missing !== null) reasons.set(target.missing, (reasons.get(target.missing) ?? 0) + 1);
  const [top] = [...reasons].sort((a, b) => b[1] - a[1]);
  if (top !== undefined) parts.push(`${top[1]} ${top[0]}`);
  const oldest = Math.min(
    ...judged.filter((target) => !target.proved && target.entry !== null).map((target) => target.entry?.at ?? now),
  );
  if (Number.isFinite(oldest)) parts.push(`oldest ${Math.max(0, Math.round((now - oldest) / 1_000))} s`);
  return parts.join(" · ");
}

/** The whole proof of a run from one look. Pure; `provedSids` are those that this look proved. */
export function judgeRun(seen: Observations): { readonly proof: RunProof; readonly provedSids: readonly string[] } {
  const groups = judgedGroups(seen.stream, seen.knownGroups);
  const heard = seen.targets.map((target) => witnesses(target, groups, seen));
  const passed = heard.filter((target) => target.outcome === "revoked" && target.groups[gatewayGroup] === "passed");
  const gatewaysPassed = passed.length + seen.provedBefore;
  const judged = heard.map((target) => judgeTarget(target, groups, { ...seen, gatewaysPassed }));
  const total = judged.length + seen.provedBefore;
  const provedSids = judged.filter((target) => target.proved).map((target) => target.sid);
  const proved = provedSids.length + seen.provedBefore;
  const unprovedFirst =
    total <= shownTargets ? judged : [...judged].sort((a, b) => Number(a.proved) - Number(b.proved));
  return {
    provedSids,
    proof: {
      observedAt: seen.now,
      trouble: seen.trouble,
      total,
      proved,
      groups: groups.map((group) => groupLine(group, judged, seen.provedBefore)),
      targets: unprovedFirst.slice(0, shownTargets),
      gateways: seen.gateways,
      signatureNote: seen.hasKey ? null : "STREAMS_HMAC_KEY is not set: signatures are not checked",
      summary: summarise(judged, total, proved, seen.now),
      live: seen.live,
    },
  };
}
