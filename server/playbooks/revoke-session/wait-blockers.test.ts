import { describe, expect, it } from "vitest";
import type { RunProof } from "@/server/playbooks/schemas";
import { type SweepFacts, waitBlockers } from "./wait-blockers";

const proof: RunProof = {
  observedAt: 10_000,
  trouble: [],
  total: 2,
  proved: 2,
  groups: [],
  targets: [],
  gateways: [],
  signatureNote: null,
  summary: "2 of 2 proved",
  live: 0,
};
const sweep = (kind: SweepFacts["kind"], finishedAt: number | null): SweepFacts => ({
  kind,
  state: finishedAt === null ? "running" : "finished",
  finished_at: finishedAt === null ? null : new Date(finishedAt),
});
const swept = [sweep("revoke", 1_000), sweep("second-sweep", 9_000)];

describe("what verify still lacks", () => {
  it("is nothing once all is proved and the second sweep was observed", () => {
    expect(waitBlockers(proof, swept)).toEqual([]);
    expect(waitBlockers(proof, [...swept, sweep("publish-again", null)])).toEqual([]);
  });

  it("is a look, when there was none", () => {
    expect(waitBlockers(null, swept)).toEqual(["nothing has been observed yet"]);
    expect(waitBlockers({ ...proof, observedAt: null }, swept)).toEqual(["nothing has been observed yet"]);
  });

  it("is a source that did not answer", () => {
    expect(waitBlockers({ ...proof, trouble: ["Redis did not answer"] }, swept)).toEqual(["Redis did not answer"]);
  });

  it("is the second sweep, not made, going on, or not looked at since", () => {
    const [first] = swept;
    expect(waitBlockers(proof, first === undefined ? [] : [first]).join()).toContain("second sweep");
    expect(waitBlockers(proof, [sweep("second-sweep", null)]).join()).toContain("still going on");
    expect(waitBlockers(proof, [sweep("second-sweep", 10_001)]).join()).toContain("made and observed");
  });

  it("is every live session and every unproved one", () => {
    expect(waitBlockers({ ...proof, live: 1 }, swept)).toEqual([
      "1 session of the subject live right now: sweep again",
    ]);
    expect(waitBlockers({ ...proof, proved: 1, summary: "1 of 2 proved" }, swept)).toEqual(["1 of 2 proved"]);
  });
});
