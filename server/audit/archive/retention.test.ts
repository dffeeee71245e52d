import { describe, expect, test } from "vitest";
import { archiveOfRows } from "@/sandbox/archive/archive-of-rows";
import { compared, ingested, windowOf } from "@/sandbox/archive/comparing";

describe("retention", () => {
  const month = (text: string) => Date.parse(`${text}-01T00:00:00Z`);
  const partitions = [
    { from: month("2026-09"), to: month("2026-10"), holdsRows: false },
    { from: month("2026-12"), to: month("2027-01"), holdsRows: true },
  ];

  test("rows that went with their month are gone by retention, not missing", async () => {
    const rows = ingested(Math.random, 9);
    const { totals, said } = await compared(archiveOfRows(rows), [], { window: windowOf(rows), partitions });
    expect(said).toEqual([]);
    expect(totals).toMatchObject({ gone_by_retention: 9, missing_in_database: 0 });
  });

  test.each([
    ["its month is there", [{ from: month("2026-11"), to: month("2026-12"), holdsRows: false }, ...partitions]],
    ["an older month still holds rows", partitions.map((one) => ({ ...one, holdsRows: true }))],
    ["nothing is known of months", []],
  ])("a row is missing when %s", async (_, months) => {
    const rows = ingested(Math.random, 3);
    const { totals } = await compared(archiveOfRows(rows), [], { window: windowOf(rows), partitions: months });
    expect(totals).toMatchObject({ gone_by_retention: 0, missing_in_database: 3 });
  });

  test("one so old that it never had a month of its own is missing", async () => {
    const rows = ingested(Math.random, 1).map((row) => ({ ...row, occurred_at: "2024-01-01 00:00:00+00" }));
    const { totals } = await compared(archiveOfRows(rows), [], { window: windowOf(rows), partitions });
    expect(totals).toMatchObject({ gone_by_retention: 0, missing_in_database: 1 });
  });
});
