import { expect, test } from "vitest";
import type { LetterGroup } from "@/server/redrive/schemas";
import { rateFault, startFaults, startOf } from "./start-model";

const group = (what: LetterGroup["class"], cause: string): LetterGroup => ({
  class: what,
  cause,
  count: 1,
  chosen: 0,
  why: "",
  examples: [],
});
const draft = { rate: "500", canary: "10", mostLag: "5000" };

test("what is typed is a number in its bounds, or is said to be none", () => {
  expect(startFaults(draft)).toEqual({});
  expect(rateFault("")).toBeUndefined();
  for (const wrong of ["0", "-1", "1.5", "fast", "100001"]) expect(rateFault(wrong)).toContain("whole number");
  expect(startFaults({ ...draft, canary: "" }).canary).toBeDefined();
});

test("causes are named only when some are left out", () => {
  const all = [group("missing", "transient"), group("recorded", "transient"), group("missing", "hmac_verify_failed")];
  expect(startOf({ ...draft, rate: "" }, all, all)).toEqual({
    classes: ["missing", "recorded"],
    rate: null,
    canary: 10,
    mostLag: 5_000,
  });
  expect(startOf(draft, all.slice(2), all)).toMatchObject({ classes: ["missing"], causes: ["hmac_verify_failed"] });
});
