import { expect, test } from "vitest";
import { comparisonProgress, outcomeOf } from "@/components/audit/archive-words";
import { noComparisonTotals } from "@/server/audit/archive/finding";

test("an outcome says that all agrees only when every file could be used", () => {
  const totals = { ...noComparisonTotals(), agree: 1_647 };
  expect(outcomeOf(totals)).toBe("Everything agrees: 1,647 events.");
  expect(outcomeOf({ ...totals, troubles: 1 })).toBe(
    "Nothing differs: 1,647 events compared. 1 file or hour could not be used.",
  );
  expect(outcomeOf(noComparisonTotals())).toBe("Nothing differs: 0 events compared.");
});

test("what does not agree is counted by its kind", () => {
  const totals = { ...noComparisonTotals(), agree: 1, missing_in_database: 2, content_differs: 1, columns_differ: 3 };
  expect(outcomeOf(totals)).toBe("Does not agree: 2 missing in the database, 4 differ; 1 event agrees.");
});

test("progress carries its rate", () => {
  const view = {
    state: "running",
    phase: "reading the table",
    done: 12_000,
    perSecond: 4_000,
    cancelAsked: false,
  } as const;
  expect(comparisonProgress(view)).toBe("Reading the table: 12,000 so far, 4,000 a second.");
  expect(comparisonProgress({ ...view, perSecond: null })).toBe("Reading the table: 12,000 so far.");
  expect(comparisonProgress({ ...view, cancelAsked: true })).toBe("Being stopped.");
  expect(comparisonProgress({ ...view, state: "queued" })).toBe("Waiting for its turn.");
});
