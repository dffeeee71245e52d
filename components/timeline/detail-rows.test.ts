import { expect, test } from "vitest";
import { detailRows } from "@/components/timeline/detail-rows";

test("before and after stand side by side under one name", () => {
  expect(
    detailRows({ before: { severity: "P2" }, after: { severity: "P1" }, parameters: { reason: "spreads" } }),
  ).toEqual([
    { name: "reason", parameter: "spreads", before: null, after: null },
    { name: "severity", parameter: null, before: "P2", after: "P1" },
  ]);
});

test("nested values are named by their path, lists and absences are said in words", () => {
  expect(
    detailRows({ parameters: { zone: { id: "z1", bindings: null }, sids: ["a", "b"], drill: false, none: [] } }).map(
      (row) => [row.name, row.parameter],
    ),
  ).toEqual([
    ["zone.id", "z1"],
    ["zone.bindings", "none"],
    ["sids", "a, b"],
    ["drill", "no"],
    ["none", "none"],
  ]);
});

test("a plain before and after need no name of their own", () => {
  expect(detailRows({ before: "declared", after: "contained" })).toEqual([
    { name: "value", parameter: null, before: "declared", after: "contained" },
  ]);
  expect(detailRows({})).toEqual([]);
});
