import { compareStreamIds, timeOfStreamId } from "@/server/caracal/revocation/stream-ids";
import type { RevocationGroup, RevocationStream } from "@/server/caracal/revocation/revocation-groups";
import { alwaysRequiredGroups, resourceGroup } from "@/server/caracal/revocation/revocation-stream";
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
  readonly live: number;
  readonly trouble: readonly string[];
};

type JudgedGroup = { readonly name: string; readonly required: boolean; readonly state: RevocationGroup | null };
const shownTargets = 50;

/** The groups of the stream, and the two that must be there: used ones and these two are required, never-used ones only shown. */
export function judgedGroups(stream: RevocationStream): JudgedGroup[] {
  const names = new Set<string>([...alwaysRequiredGroups, ...stream.groups.map((group) => group.name)]);
  return [...names].map((name) => {
    const state = stream.groups.find((group) => group.name === name) ?? null;
    return {
      name,
      state,
      required: (state?.used ?? false) || (alwaysRequiredGroups as readonly string[]).includes(name),
    };
  });
}

const order: readonly GroupProof[] = ["passed", "pending", "unread", "unknown", "lost", "never-used"];

function groupProof(group: JudgedGroup, seen: Observations, ids: readonly string[]): GroupProof {
  const { state } = group;
  if (!group.required) return "never-used";
  if (state === null || ids.length === 0) return "unknown";
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
  unknown: (group) => `nothing known of ${group}`,
};

function firstMissing(proof: Omit<TargetProof, "proved" | "missing">, required: readonly string[]): string | null {
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
    const state = proof.groups[group] ?? "unknown";
    if (state !== "passed") return inWords[state]?.(group) ?? `not passed by ${group}`;
  }
  if (proof.resourceKey === "absent") return "resource servers have read it, but their revocation key is absent";
  return null;
}

/** Judges one target by every witness. Proved only when none is missing (laws 1; traps 1 and 2). */
export function judgeTarget(target: TargetFacts, groups: readonly JudgedGroup[], seen: Observations): TargetProof {
  const publication = spokesman(target);
  const outboxStates = target.publications
    .map((row) => seen.outbox.get(row.outboxId))
    .filter((row) => row !== undefined);
  const outbox = outboxStates.find((row) => row.state === "dispatched") ?? outboxStates[0];
  const ids = target.publications
    .filter((row) => row.streamId !== null && (row.signature === "valid" || row.signature === publication?.signature))
    .map((row) => row.streamId ?? "");
  const resourceUsed = groups.some((group) => group.name === resourceGroup && group.required);
  const proof = {
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
  } as const;
  const missing = firstMissing(
    proof,
    groups.filter((group) => group.required).map((group) => group.name),
  );
  return { ...proof, missing, proved: missing === null };
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
    passed: count("passed") + (group.required ? provedBefore : 0),
    pending: count("pending"),
    unread: count("unread"),
    lag: group.state?.lag ?? null,
    waitingSince:
      group.required && waiting.length > 0 ? Math.min(...waiting.map((target) => target.entry?.at ?? Infinity)) : null,
    note: !group.required
      ? "never used: provisioned, but nothing reads it"
      : group.state === null
        ? "this group does not exist on the stream: its service has never started its consumers"
        : lost > 0
          ? `${lost} trimmed before it read them`
          : null,
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
  const groups = judgedGroups(seen.stream);
  const judged = seen.targets.map((target) => judgeTarget(target, groups, seen));
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
