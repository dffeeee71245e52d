import { expect, test } from "vitest";
import { type Draft, draftLacks, parametersOf, requestHref, subjectsOf } from "@/components/approvals/request-model";

const draft = { action: "revoke-zone", zone: "z1", scope: "subjects", subjects: ["b", "a"] } satisfies Draft;

test("pasted subjects are taken apart and each kept once", () => {
  expect(subjectsOf(" a, b\nc;a  b\n")).toEqual(["a", "b", "c"]);
  expect(subjectsOf(" \n")).toEqual([]);
});

test("what is missing is said, and no parameters are made of it", () => {
  expect(draftLacks({ ...draft, zone: null })).toBe("Choose a zone.");
  expect(draftLacks({ ...draft, subjects: [] })).toContain("Name the subjects");
  expect(parametersOf({ ...draft, subjects: [] })).toBeNull();
  expect(draftLacks({ ...draft, action: "freeze-zone", subjects: [] })).toBeNull();
});

test("a link to the form carries what is known", () => {
  expect(requestHref("revoke-zone", { zone: "z1", subjects: ["a", "b"], incident: "i" })).toBe(
    "/approvals/new?action=revoke-zone&zone=z1&subjects=a%2Cb&incident=i",
  );
  expect(requestHref("freeze-zone")).toBe("/approvals/new?action=freeze-zone");
});
