import { expect, it } from "vitest";
import { prettyJson } from "./pretty-json";

it("keeps every digit, and leaves what is no JSON alone", () => {
  expect(prettyJson('{"a": 12345678901234567890, "b": 1.50}')).toBe('{\n  "a": 12345678901234567890,\n  "b": 1.50\n}');
  expect(prettyJson("not json")).toBe("not json");
});
