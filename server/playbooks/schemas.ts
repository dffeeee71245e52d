import { z } from "zod";
import { idText, pageInput, writtenText } from "@/server/platform/page";
import type { Actor } from "@/server/auth/roles";

/** Steps of "Revoke a compromised session", in order. A run is in exactly one; `abandoned` ends it early with a reason. */
export const runStates = ["identify", "blast_radius", "revoke", "verify", "wait", "done", "abandoned"] as const;
export type RunState = (typeof runStates)[number];

export const startRunInput = z.object({
  from: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("session"), sessionId: idText }),
    z.object({ kind: z.literal("subject"), zoneId: idText, subjectId: idText }),
    z.object({
      kind: z.literal("event"),
      eventId: idText,
      occurredAt: z.iso.datetime({ offset: true }),
      sessionId: idText,
    }), // the likely session the operator picked
  ]),
  incidentId: z.uuid().nullish(), // the open incident that it belongs to; without one it declares or joins one
});
const onRun = { runId: z.uuid() };
export const fleetInput = z.object({ approvalId: z.uuid() });
export const runInput = z.object(onRun);
export const revokeInput = z.object({ ...onRun, reason: writtenText(200).min(4) });
export const reasonInput = z.object({ ...onRun, reason: writtenText(500).min(4) });
export const checklistInput = z.object({
  ...onRun,
  item: z.string().max(60),
  skippedReason: writtenText(500).min(4).nullish(),
});
export const listRunsInput = z.object({ ...pageInput(100, 25) });
export const runLogInput = z.object({
  ...onRun,
  afterSeq: z.number().int().min(0).max(2_147_483_647).default(0),
  limit: z.number().int().min(1).max(500).default(200),
});

export type OutboxProof = {
  readonly state: "none" | "written" | "dispatched" | "parked" | "unknown";
  readonly at: string | null;
  readonly error: string | null;
};
export type GroupProof = "passed" | "pending" | "unread" | "lost" | "never-used" | "unknown";

/** Targets by witnesses: one row of the proof matrix. `proved` only when every required witness agrees (laws 1, traps 1 and 2). */
export type TargetProof = {
  readonly sid: string;
  readonly expiresAt: string;
  readonly sweep: number; // 1 first, 2 second sweep (trap 4)
  readonly outcome: "planned" | "revoked" | "already-revoked" | "expired";
  readonly outbox: OutboxProof;
  readonly entry: { readonly id: string; readonly at: number } | null;
  readonly signature: "valid" | "invalid" | "missing" | "no-key" | null;
  readonly groups: Readonly<Record<string, GroupProof>>;
  readonly postgres: "revoked" | "active" | "expired" | "gone" | "unknown";
  readonly resourceKey: "present" | "absent" | "not-used" | "unknown";
  readonly proved: boolean;
  readonly missing: string | null; // in words, first thing that is missing
};

/** A gateway tells only a count since its start. `known` counts this run's sids; null when it cannot be told. Does not block. */
export type GatewayProof = {
  readonly replica: string;
  readonly known: number | null;
  readonly atLeast: number | null; // when revocations from elsewhere mix in
  readonly expected: number;
  readonly verdict: "all" | "missing" | "cannot-tell" | "silent";
  readonly readAt: number | null;
  readonly restartedAt: number | null;
  readonly deniedRevoked: number | null; // denials_revoked since the run's baseline
  readonly note: string;
};

export type RunProof = {
  readonly observedAt: number | null;
  readonly trouble: readonly string[]; // sources that could not be read just now, in words
  readonly total: number;
  readonly proved: number;
  readonly groups: readonly {
    readonly group: string;
    readonly required: boolean;
    readonly passed: number;
    readonly pending: number;
    readonly unread: number;
    readonly lag: number | null;
    readonly waitingSince: number | null;
    readonly note: string | null;
  }[];
  readonly targets: readonly TargetProof[]; // all up to 50; above that the unproved ones first, at most 50
  readonly gateways: readonly GatewayProof[];
  readonly signatureNote: string | null; // e.g. "STREAMS_HMAC_KEY is not set: signatures are not checked"
  readonly summary: string; // "13 of 14 proved · 1 not yet read by gateway-revocation · oldest 8 s"
  readonly live: number; // sessions of the subject that are active and unexpired right now (should be 0)
};

/** What can still work, why, and until when. `until` null: until somebody acts (secrets, provider tokens). */
export type Exposure = {
  readonly id: string;
  readonly what: string;
  readonly why: string;
  readonly from: number;
  readonly until: number | null;
};

export type RunRound = {
  readonly round: number;
  readonly kind: "revoke" | "second-sweep" | "publish-again";
  readonly lane: "fast" | "api";
  readonly requestedBy: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly targets: number;
  readonly revoked: number;
  readonly published: number;
  readonly state: "queued" | "running" | "finished" | "failed";
  readonly error: string | null;
};

export type RunCommand = { readonly step: RunState; readonly title: string; readonly command: string };
export type ChecklistItem = {
  readonly id: string;
  readonly label: string;
  readonly why: string;
  readonly command: string | null;
  readonly doneBy: string | null;
  readonly doneAt: string | null;
  readonly skippedReason: string | null;
};

export type BlastRadius = {
  readonly at: string;
  readonly liveSessions: number;
  readonly capped: boolean; // more than the playbook's ceiling of 10,000
  readonly sample: readonly { readonly id: string; readonly expiresAt: string; readonly createdAt: string }[]; // at most 50
  readonly agentSessions: readonly { readonly id: string; readonly sid: string; readonly status: string }[]; // at most 50
  readonly agentSessionCount: number;
  readonly latestExpiry: string | null;
  readonly recentExchanges: {
    readonly windowMinutes: number;
    readonly allow: number;
    readonly deny: number;
    readonly note: string;
  }; // zone-wide: events name no subject
  readonly grants: readonly { readonly id: string; readonly providerId: string | null }[]; // provider tokens outlive revocation (trap 20)
};

export type RunView = {
  readonly id: string;
  readonly playbook: "revoke-session";
  readonly title: string;
  readonly state: RunState;
  readonly revision: number;
  readonly drill: boolean;
  readonly zone: { readonly id: string; readonly name: string; readonly slug: string };
  readonly subject: { readonly id: string; readonly type: string }; // beyond one: a label, as in "3 subjects"
  readonly scope: {
    readonly kind: "subject" | "subjects" | "zone";
    readonly subjects: readonly string[]; // empty for a zone
    readonly approvalId: string | null; // beyond one subject: what two people agreed on
  };
  readonly startedFrom: { readonly kind: string; readonly id: string };
  readonly reason: string | null;
  readonly createdBy: Pick<Actor, "id" | "name">;
  readonly driver: Pick<Actor, "id" | "name">;
  readonly incidentId: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly stepTimes: Readonly<Partial<Record<RunState, string>>>;
  readonly blast: BlastRadius | null;
  readonly rounds: readonly RunRound[];
  readonly proof: RunProof | null;
  readonly exposure: readonly Exposure[];
  readonly checklist: readonly ChecklistItem[];
  readonly commands: readonly RunCommand[];
  readonly lane: { readonly kind: "fast" | "api"; readonly note: string }; // which lane will be used, and how long it will take
};

export type RunSummary = Pick<
  RunView,
  "id" | "title" | "state" | "drill" | "zone" | "subject" | "createdBy" | "driver" | "createdAt" | "updatedAt"
> & { readonly progress: string };
/** What one approval started in several zones, added up. */
export type FleetView = {
  readonly approvalId: string;
  readonly total: number;
  readonly proved: number;
  readonly live: number;
  readonly heldUpBy: readonly { readonly group: string; readonly missing: number; readonly zones: number }[];
  readonly runs: readonly {
    readonly id: string;
    readonly zone: { readonly id: string; readonly name: string };
    readonly state: RunState;
    readonly total: number;
    readonly proved: number;
    readonly live: number | null; // null: not looked at yet
    readonly observedAt: number | null;
    readonly summary: string;
    readonly swept: boolean; // a second sweep has been made
    readonly sweeping: boolean; // a round is under way
  }[];
};
export type RunLogEntry = {
  readonly seq: number;
  readonly at: string;
  readonly actor: string;
  readonly kind: string;
  readonly text: string;
  readonly data: unknown;
};
