import { expect, test } from "vitest";
import { durationWords } from "@/server/post-mortem/duration-words";

test.each([
  [null, "not measured"],
  [0, "0 s"],
  [59.6, "1 min 00 s"],
  [850, "14 min 10 s"],
  [7_500, "2 h 05 min"],
  [200_000, "2 d 7 h"],
])("%s seconds read as %s", (seconds, words) => {
  expect(durationWords(seconds)).toBe(words);
});
