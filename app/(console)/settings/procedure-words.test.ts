import { expect, it } from "vitest";
import { procedurePolicy } from "@/server/auth/policy";
import { procedureWords } from "./procedure-words";

it("names every procedure of the policy table and no other", () => {
  expect(Object.keys(procedureWords).toSorted()).toEqual(Object.keys(procedurePolicy).toSorted());
});
