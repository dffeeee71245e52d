import { describe, expect, test } from "vitest";
import { findings } from "@/server/audit/verify/judge-row";
import { type FindingCount, neededFindings, proposeVerdict } from "@/server/playbooks/guided/propose-verdict";

const window = { from: "2026-11-28T01:00:00.000Z", to: "2026-11-28T02:00:00.000Z" };
const propose = (...found: FindingCount[]) => proposeVerdict({ checkId: "c", found, window }).proposed;
const one = (finding: FindingCount["finding"], ...witnesses: FindingCount["witnesses"]): FindingCount => ({
  finding,
  witnesses,
  rows: 1,
});

describe("the verdict that findings speak for", () => {
  test.each([
    [
      "a changed column that the signed copy contradicts",
      [one("column_changed", "row", "stream")],
      "certain",
      "database",
    ],
    ["a row that contradicts only itself", [one("content_mismatch", "row")], "probable", "database"],
    ["one of each", [one("column_changed", "row", "stream"), one("content_mismatch", "row")], "probable", "database"],
    ["a gap", [one("row_deleted", "chain")], "certain", "database"],
    ["a cut tail that only an anchor remembers", [one("tail_truncated", "anchor")], "certain", "database"],
    ["a rewrite sealed with the key", [one("rewritten_with_key", "row", "stream")], "certain", "database-and-key"],
    [
      "a fork beside a plain change",
      [one("forked", "chain"), one("column_changed", "stream")],
      "certain",
      "database-and-key",
    ],
  ] as const)("%s", (_, found, confidence, took) => {
    expect(propose(...found)).toEqual({
      verdict: "tampered",
      confidence,
      took,
      notBefore: window.from,
      notAfter: window.to,
    });
  });

  test("nothing found is no tampering, less surely so with rows that nobody can prove", () => {
    expect(propose()).toMatchObject({
      verdict: "not-tampered",
      confidence: "certain",
      took: "nothing",
      notBefore: null,
    });
    expect(propose(one("retention_gap", "beginning"))).toMatchObject({
      verdict: "not-tampered",
      confidence: "certain",
    });
    expect(propose(one("retention_gap", "chain"))).toMatchObject({ verdict: "not-tampered", confidence: "probable" });
    expect(propose(one("not_provable"))).toMatchObject({ verdict: "not-tampered", confidence: "probable" });
  });

  test("a key that fits no row says nothing about the rows", () => {
    expect(propose(one("key_drift"))).toMatchObject({ verdict: "cannot-tell", took: "unknown" });
    expect(propose(one("key_drift"), one("row_deleted", "chain"))).toMatchObject({ verdict: "tampered" });
  });

  test("what counts as affected is every finding but those that say nothing", () => {
    expect(findings.filter((kind) => !neededFindings.includes(kind)).sort()).toEqual([
      "key_drift",
      "not_provable",
      "retention_gap",
    ]);
  });
});
