import { describe, expect, it } from "vitest";
import { revokeLabel, revokePlan } from "@/components/wizard/act-plan";
import { aProof, aRun } from "@/components/wizard/a-run.test-data";
import {
  openItems,
  openRound,
  shownStep,
  standing,
  stepLines,
  verifyLacks,
  writtenSoFar,
} from "@/components/wizard/run-model";
import { startHref, startKind } from "@/components/wizard/start-model";

const round = {
  round: 1,
  kind: "revoke",
  lane: "fast",
  requestedBy: "Dana Responder",
  startedAt: "2026-11-23T02:06:00Z",
  finishedAt: "2026-11-23T02:06:01Z",
  targets: 14,
  revoked: 14,
  published: 14,
  state: "finished",
  error: null,
} as const;

describe("the step column", () => {
  it("marks what is over, what is open and what is to come", () => {
    expect(stepLines(aRun({ state: "verify" })).map((line) => line.mark)).toEqual([
      "done",
      "done",
      "done",
      "current",
      "todo",
      "todo",
    ]);
  });
  it("has no open step once the run is done", () => {
    expect(stepLines(aRun({ state: "done" })).every((line) => line.mark === "done")).toBe(true);
  });
  it("keeps what an abandoned run reached and marks the rest as never reached", () => {
    const run = aRun({ state: "abandoned", stepTimes: { identify: "2026-11-23T02:04:00Z" } });
    expect(stepLines(run).map((line) => line.mark)).toEqual(["done", "never", "never", "never", "never", "never"]);
  });
  it("sums up what was written without the rounds that only publish again", () => {
    const rounds = [round, { ...round, round: 2, kind: "publish-again" as const, revoked: 0, published: 14 }];
    expect(writtenSoFar({ rounds })).toEqual({ revoked: 14, published: 14 });
    expect(stepLines(aRun({ state: "verify", rounds }))[2]?.summary).toBe("14 revoked, 14 published");
  });
  it("lets the coming act be read before it is decided, and nothing beyond", () => {
    const run = aRun({ state: "blast_radius" });
    expect(stepLines(run).map((line) => line.open)).toEqual([true, true, true, false, false, false]);
    expect(shownStep(run, "revoke")).toBe("revoke");
    expect(shownStep(run, "wait")).toBe("blast_radius");
    expect(shownStep(run, null)).toBe("blast_radius");
    expect(shownStep(aRun({ state: "abandoned", stepTimes: {} }), null)).toBe("identify");
  });
  it("knows the round that is still open", () => {
    expect(openRound({ rounds: [round] })).toBeNull();
    expect(openRound({ rounds: [round, { ...round, round: 2, state: "queued" }] })?.round).toBe(2);
  });
});

describe("what verify lacks", () => {
  const sweep = { ...round, round: 2, kind: "second-sweep", finishedAt: "2026-11-23T02:06:02Z" } as const;
  const later = Date.parse("2026-11-23T02:06:03Z");
  it("is nothing only when all is proved after a second sweep", () => {
    const proof = aProof({ observedAt: later });
    expect(verifyLacks({ proof, rounds: [round, sweep] })).toEqual([]);
    expect(verifyLacks({ proof, rounds: [round] })[0]).toContain("second sweep");
    expect(verifyLacks({ proof: aProof({ observedAt: later - 2_000 }), rounds: [round, sweep] })).toHaveLength(1);
  });
  it("names sessions minted since, sources that are away and targets without proof", () => {
    const proof = aProof({ observedAt: later, live: 2, proved: 0, trouble: ["Redis has not answered"] });
    expect(verifyLacks({ proof, rounds: [round, sweep] })).toEqual([
      "2 sessions minted since: sweep again",
      "a source cannot be read right now",
      "1 of 1 not proved",
    ]);
    expect(verifyLacks({ proof: null, rounds: [] })).toEqual(["nothing has been observed yet"]);
  });
});

describe("what keeps a run from being finished", () => {
  const item = (id: string, doneAt: string | null = null, skippedReason: string | null = null) => ({
    id,
    label: id,
    why: "",
    command: null,
    doneBy: null,
    doneAt,
    skippedReason,
  });
  const ends = { id: "per-call", what: "", why: "", from: 0, until: 1_000 };
  it("is what nobody did or skipped, and what has not ended by itself", () => {
    const checklist = [
      item("a"),
      item("b", "2026-11-23T02:00:00Z"),
      item("c", null, "why"),
      item("remaining-exposure"),
    ];
    expect(openItems({ checklist, exposure: [ends] }, 999).map(({ id }) => id)).toEqual(["a", "remaining-exposure"]);
    expect(openItems({ checklist, exposure: [ends] }, 1_000).map(({ id }) => id)).toEqual(["a"]);
  });
});

describe("who may act", () => {
  const run = aRun({});
  it("tells the driver, another responder and a reader apart", () => {
    expect(standing(run, { id: run.driver.id, mayAct: true })).toBe("driver");
    expect(standing(run, { id: "other", mayAct: true })).toBe("other");
    expect(standing(run, { id: run.driver.id, mayAct: false })).toBe("not-allowed");
  });
});

describe("before the act", () => {
  it("answers the five questions with the run's own numbers", () => {
    const run = aRun({});
    const plan = revokePlan(run);
    expect(plan).toHaveLength(5);
    expect(plan[1]?.answer).toContain("14 live sessions and 3 agent sessions");
    expect(plan[4]?.answer).toBe(run.lane.note);
    expect(revokeLabel(run)).toBe("Revoke 14 sessions");
    expect(revokeLabel({ blast: null })).toBe("Revoke sessions");
  });
});

describe("ways in", () => {
  const none = { session: null, zone: null, subject: null, event: null, at: null };
  it("reads the deep links", () => {
    expect(startKind(none)).toBe("session");
    expect(startKind({ ...none, session: "s1" })).toBe("session");
    expect(startKind({ ...none, zone: "z1", subject: "agent-7" })).toBe("subject");
    expect(startKind({ ...none, event: "e1", at: "2026-11-23T02:00:00Z", session: "s1" })).toBe("event");
  });
  it("writes links that it reads back", () => {
    expect(startHref({ zone: "z1", subject: "a&b" })).toBe("/playbooks/revoke-session/new?zone=z1&subject=a%26b");
    expect(startHref({})).toBe("/playbooks/revoke-session/new");
  });
});
