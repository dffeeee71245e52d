import type { RunProof, RunView, TargetProof } from "@/server/playbooks/schemas";

/** A run in the middle of its verification, for the model tests of this folder. */
export function aRun(change: Partial<RunView>): RunView {
  return {
    id: "0b7d7f0e-6f0a-4d1e-9d5e-0a4f4a1c2d3e",
    playbook: "revoke-session",
    title: "Revoke a compromised session",
    state: "verify",
    revision: 4,
    drill: false,
    zone: { id: "zone-1", name: "payments", slug: "payments" },
    subject: { id: "agent-7", type: "user" },
    scope: { kind: "subject", subjects: ["agent-7"], approvalId: null },
    startedFrom: { kind: "session", id: "sid-1" },
    reason: "stolen laptop",
    createdBy: { id: "local:1", name: "Dana Responder" },
    driver: { id: "local:1", name: "Dana Responder" },
    incidentId: null,
    createdAt: "2026-11-23T02:04:00Z",
    updatedAt: "2026-11-23T02:06:00Z",
    stepTimes: { identify: "2026-11-23T02:04:00Z", blast_radius: "2026-11-23T02:05:00Z" },
    blast: {
      at: "2026-11-23T02:05:00Z",
      liveSessions: 14,
      capped: false,
      sample: [],
      agentSessions: [],
      agentSessionCount: 3,
      latestExpiry: null,
      recentExchanges: { windowMinutes: 15, allow: 3, deny: 0, note: "" },
      grants: [],
    },
    rounds: [],
    proof: null,
    exposure: [],
    checklist: [],
    commands: [],
    lane: { kind: "fast", note: "Published by the console itself, about 1 s." },
    ...change,
  };
}

/** A target that every witness agrees on. */
export function aTarget(change: Partial<TargetProof>): TargetProof {
  return {
    sid: "sid-1",
    expiresAt: "2026-11-23T03:00:00Z",
    sweep: 1,
    outcome: "revoked",
    outbox: { state: "dispatched", at: "2026-11-23T02:06:01Z", error: null },
    entry: { id: "1795465374026-0", at: 1_795_465_374_026 },
    signature: "valid",
    groups: { "sts-revocation": "passed", "gateway-revocation": "passed" },
    postgres: "revoked",
    resourceKey: "present",
    proved: true,
    missing: null,
    ...change,
  };
}

export function aProof(change: Partial<RunProof>): RunProof {
  const group = (name: string) => ({
    group: name,
    required: true,
    passed: 1,
    pending: 0,
    unread: 0,
    lag: 0,
    waitingSince: null,
    note: null,
  });
  return {
    observedAt: 1_795_465_380_000,
    trouble: [],
    total: 1,
    proved: 1,
    groups: [group("sts-revocation"), group("gateway-revocation")],
    targets: [aTarget({})],
    gateways: [],
    signatureNote: null,
    summary: "1 of 1 proved",
    live: 0,
    ...change,
  };
}
