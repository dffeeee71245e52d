import { expect, it } from "vitest";
import type { EventVerdict } from "@/server/audit/schemas";
import { linkWords, streamWords, verdictWords } from "./verdict-words";

const proved: EventVerdict = {
  finding: null,
  columns: [],
  witnesses: ["stream", "seal"],
  hash: "recovered",
  seal: "right",
  signature: "right",
  keyDrift: false,
  stream: { state: "found", entry: "1-0", looked: 4, whole: true },
  changed: [],
  previous: { link: "holds", rows: [] },
  next: { link: "end", rows: [] },
};

it("keeps proved, tampered, not provable and another key apart, and names who was heard", () => {
  expect(verdictWords(proved)).toEqual({ word: "Proved", sentence: "By the signed copy in the stream, its seal." });
  const changed = verdictWords({
    ...proved,
    finding: "column_changed",
    columns: ["decision"],
    witnesses: ["row", "stream"],
  });
  expect(changed.word).toBe("Tampered with");
  expect(changed.sentence).toContain("(decision)");
  expect(verdictWords({ ...proved, finding: "not_provable", witnesses: [] }).word).toBe("Not provable");
  expect(verdictWords({ ...proved, keyDrift: true }).sentence).toContain("the same picture");
  expect(verdictWords({ ...proved, keyDrift: true, finding: "content_mismatch" }).word).toBe("Tampered with");
});

it("says how far the stream was looked at, and which link is not there", () => {
  expect(streamWords({ state: "not found", entry: null, looked: 5_000, whole: false })).toContain(
    "5,000 entries nearest",
  );
  expect(streamWords({ state: "not found", entry: null, looked: 12, whole: true })).toContain(
    "12 entries that it still has",
  );
  expect(linkWords("missing", true)).not.toBe(linkWords("missing", false));
  expect(linkWords("end", false)).toBe("the newest of its zone");
});
