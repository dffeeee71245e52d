import { describe, expect, it } from "vitest";
import { aProof, aTarget } from "@/components/wizard/a-run.test-data";
import { exposureLines, exposureSentence } from "@/components/wizard/exposure-model";
import { gatewayLine, proofMatrix, publishedCell, waitingGroups } from "@/components/wizard/proof-model";

const now = 1_795_465_400_000;
const gateway = {
  replica: "gateway-2",
  known: 12,
  atLeast: null,
  expected: 14,
  verdict: "missing",
  readAt: now,
  restartedAt: null,
  deniedRevoked: null,
  note: "",
} as const;

describe("the proof matrix", () => {
  it("has one column per witness and a cell for each", () => {
    const matrix = proofMatrix(aProof({}), now);
    expect(matrix.columns.map((column) => column.id)).toEqual([
      "published",
      "signature",
      "sts-revocation",
      "gateway-revocation",
      "resource",
      "postgres",
    ]);
    expect(matrix.rows[0]?.cells.map((cell) => cell.tone)).toEqual(["ok", "ok", "ok", "ok", "ok", "ok"]);
  });
  it("never calls a group that is not in the answer read", () => {
    const matrix = proofMatrix(aProof({ targets: [aTarget({ groups: {} })] }), now);
    expect(matrix.rows[0]?.cells[2]).toMatchObject({ tone: "none", text: "cannot be told" });
  });
  it("says that consumers will drop a wrong signature", () => {
    const matrix = proofMatrix(aProof({ targets: [aTarget({ signature: "invalid", proved: false })] }), now);
    expect(matrix.rows[0]?.cells[1]).toMatchObject({ tone: "bad", text: "wrong: consumers drop it" });
  });
  it("follows a row from the outbox to the stream", () => {
    const none = aTarget({ entry: null });
    expect(publishedCell(aTarget({})).at).toBe(1_795_465_374_026);
    expect(publishedCell({ ...none, outbox: { state: "written", at: null, error: null } }).tone).toBe("wait");
    expect(publishedCell({ ...none, outbox: { state: "parked", at: null, error: "WRONGTYPE" } }).text).toContain(
      "WRONGTYPE",
    );
  });
  it("folds to the failing targets above fifty", () => {
    const targets = [aTarget({ sid: "late", proved: false }), aTarget({ sid: "fine" })];
    const matrix = proofMatrix(aProof({ total: 51, proved: 50, targets }), now);
    expect(matrix.folded).toBe(true);
    expect(matrix.rows.map((row) => row.target.sid)).toEqual(["late"]);
  });
  it("names the group that holds things up, its lag and since when", () => {
    const [first] = aProof({}).groups;
    if (first === undefined) throw new Error("the fixture has groups");
    const proof = aProof({ groups: [{ ...first, passed: 0, unread: 1, lag: 3, waitingSince: now - 8_000 }] });
    expect(waitingGroups(proof, now)).toEqual(["1 not yet read by sts-revocation · lag 3 · for 8 s"]);
    expect(proofMatrix(proof, now).columns[2]?.note).toBe("1 not yet read · lag 3 · for 8 s");
  });
});

describe("gateway lines", () => {
  it("tells all, missing, silent and cannot tell apart", () => {
    expect(gatewayLine({ ...gateway, known: 14, verdict: "all" }).text).toBe("gateway-2 knows 14 of 14");
    expect(gatewayLine(gateway).text).toBe("gateway-2 knows 12 of 14 · 2 missing (open responses only, 60 s)");
    expect(gatewayLine({ ...gateway, known: null, verdict: "silent" }).tone).toBe("bad");
    expect(gatewayLine({ ...gateway, known: null, atLeast: 3, verdict: "cannot-tell" }).text).toBe(
      "gateway-2 cannot tell, at least 3 of 14",
    );
  });
});

describe("exposure", () => {
  const percall = { id: "per-call", what: "Per-call mandates", why: "", from: now - 300_000, until: now + 600_000 };
  const secret = { id: "secret", what: "The application's secret", why: "", from: now, until: null };
  it("puts what never ends by itself first and what is over last", () => {
    const over = { ...percall, id: "over", until: now - 1 };
    expect(exposureLines([over, percall, secret], now).map((line) => line.exposure.id)).toEqual([
      "secret",
      "per-call",
      "over",
    ]);
  });
  it("counts down and says until when", () => {
    const lines = exposureLines([percall, secret], now);
    expect(lines[1]).toMatchObject({ state: "running", left: "10 min 00 s left" });
    expect(lines[1]?.elapsed).toBeCloseTo(1 / 3);
    expect(exposureSentence(lines, now)).toMatch(
      /for 10 min 00 s, until \d\d:\d\d:\d\d UTC\. One thing works on until/,
    );
    expect(exposureSentence(exposureLines([percall], now + 600_000), now + 600_000)).toBe(
      "Nothing stolen is known to work any more.",
    );
  });
});
