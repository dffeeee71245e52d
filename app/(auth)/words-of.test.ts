import { expect, test } from "vitest";
import { wordsOf } from "./words-of";

test.each([
  ["role", "Not yours."],
  ["nothing", "Otherwise."],
  ["__proto__", "Otherwise."],
  ["constructor", "Otherwise."],
  [["role"], "Otherwise."],
  [undefined, "Otherwise."],
])("%j reads %s", (given, words) => {
  expect(wordsOf({ role: "Not yours." }, given, "Otherwise.")).toBe(words);
});
