import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import { archiveOfRows } from "@/sandbox/archive/archive-of-rows";
import { compared, fileOf, ingested, windowOf } from "@/sandbox/archive/comparing";
import { hourlyExport } from "@/sandbox/archive/hourly-export";
import { hourMs, hourOfKey, hourText } from "@/server/audit/archive/export-key";
import type { StoredRow } from "@/server/audit/verify/stored-row";

describe("files that cannot be used", () => {
  const rows = ingested(Math.random, 20); // five hours, four rows each but for the first and last
  const archive = archiveOfRows(rows);
  const keys = [...archive.keys()].sort();
  const [first = "", second = "", third = ""] = keys;
  const inFirst = rows.filter((row) => fileOf(row) === first).length;
  const whole = archive.get(first) ?? new Uint8Array();
  const other = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: "animal", data: ["cat"], type: "STRING" }] }));
  const flipped = whole.map((byte, at) => (at > 4 && at < whole.length / 3 ? byte ^ 0xff : byte));

  test.each([
    ["zero bytes", new Uint8Array(), "empty", /zero bytes/],
    ["no Parquet", new TextEncoder().encode("hello"), "bad-footer", /no Parquet/],
    ["cut off", whole.slice(0, whole.length - 9), "bad-footer", /footer cannot be read/],
    ["a footer alone", whole.slice(whole.length - 200), "bad-footer", /footer cannot be read/],
    ["another schema", other, "other-schema", /no column event_id/],
    ["its bytes overwritten", flipped, "damaged", /cannot be read|not what its footer/],
  ])("%s: named, with why and how many rows it leaves without comparison", async (_, bytes, trouble, reason) => {
    const { troubles, differences, totals } = await compared(new Map([...archive, [first, bytes]]), rows, {
      window: windowOf(rows),
    });
    expect(troubles).toEqual([
      { key: first, hour: first.slice(-21, -8), trouble, reason: expect.stringMatching(reason), rows: inFirst },
    ]);
    expect(differences).toEqual([]);
    expect(totals).toMatchObject({ not_compared: inFirst, agree: rows.length - inFirst, files: keys.length - 1 });
  });

  test("a hole in the middle does not take the rest of a damaged file for absent rows", async () => {
    const many = ingested(Math.random, 4);
    const [key = "", bytes = new Uint8Array()] = [...archiveOfRows(many, 1)].sort()[0] ?? [];
    const hurt = bytes.slice();
    hurt.fill(0xff, Math.floor(bytes.length / 3), Math.floor(bytes.length / 3) + 200);
    const { differences, troubles } = await compared(new Map([...archiveOfRows(many), [key, hurt]]), many, {
      window: windowOf(many),
    });
    expect([differences, troubles.map(({ trouble }) => trouble)]).toEqual([[], ["damaged"]]);
  });

  test("names that do not fit are told and left alone", async () => {
    const odd = [
      "audit/2026/11/23/notes.txt",
      "audit/2026/11/22/2026-11-23T20.parquet",
      "audit/2026/11/23/2026-11-23T21.parquet.tmp",
    ];
    const { troubles, differences } = await compared(
      new Map([...archive, ...odd.map((key) => [key, whole] as const)]),
      rows,
      {
        window: { from: Date.parse("2026-11-22T00:00:00Z"), to: windowOf(rows).to },
      },
    );
    expect(troubles.map(({ key, trouble }) => [key, trouble])).toEqual(odd.sort().map((key) => [key, "foreign-name"]));
    expect(differences).toEqual([]);
  });

  test("another hour's export under this hour's name: the file is named, no row is accused", async () => {
    const swapped = new Map([...archive, [third, archive.get(second) ?? whole]]);
    const { troubles, differences } = await compared(swapped, rows, { window: windowOf(rows) });
    expect(troubles).toMatchObject([{ key: third, trouble: "wrong-hour", rows: 4 }]);
    expect(troubles[0]?.reason).toContain(hourText(hourOfKey(second) ?? 0));
    expect(differences).toEqual([]);
  });

  test("an hour without export is told with its rows, once; one without rows needs none", async () => {
    const less = new Map([...archive].filter(([key]) => key !== second));
    const { troubles, differences, totals } = await compared(less, rows, {
      window: { from: windowOf(rows).from - 4 * hourMs, to: windowOf(rows).to },
    });
    expect(troubles).toMatchObject([{ key: second, trouble: "no-export", rows: 4 }]);
    expect([differences, totals.not_compared]).toEqual([[], 4]);
  });

  test("an event that stands in two exports is told", async () => {
    const [one] = rows.filter((row) => fileOf(row) === third);
    const both = [...rows.filter((row) => fileOf(row) === second), one as StoredRow];
    const { said, troubles } = await compared(new Map([...archive, [second, hourlyExport(both)]]), rows, {
      window: windowOf(rows),
    });
    expect([said, troubles]).toEqual([[`twice_in_archive ${one?.id}`], []]);
  });
});
