import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { archiveOfRows } from "@/sandbox/archive/archive-of-rows";
import { compared, each, ingested, ingestedMs, windowOf } from "@/sandbox/archive/comparing";
import { comparedColumns } from "@/server/audit/archive/compared-row";
import { hourMs } from "@/server/audit/archive/export-key";
import { canonicalJson, textsOf } from "@/server/audit/verify/canonical-json";
import { rowsOfCsv } from "@/server/audit/verify/rows-of-csv";
import type { StoredRow } from "@/server/audit/verify/stored-row";

const folder = new URL("../../../sandbox/fixtures/recorded-incident/", import.meta.url);
const { changes } = JSON.parse(readFileSync(new URL("changes.json", folder), "utf8")) as {
  changes: { kind: string; event_id: string; columns?: string[] }[];
};

async function all(file: string): Promise<StoredRow[]> {
  const rows: StoredRow[] = [];
  for await (const row of rowsOfCsv(new URL(file, folder).pathname)) rows.push(row);
  return rows;
}

describe("the recorded incident against an archive of what it was before", () => {
  test("before, everything agrees", async () => {
    const rows = await all("before/audit_events.csv");
    const { totals, said, troubles } = await compared(archiveOfRows(rows), rows, { window: windowOf(rows) });
    expect(totals).toMatchObject({ archived: 647, stored: 647, agree: 647, troubles: 0 });
    expect([said, troubles]).toEqual([[], []]);
  });

  test("after, every removed row and every change of an exported column is told, and nothing else", async () => {
    const before = await all("before/audit_events.csv");
    const after = new Map((await all("after/audit_events.csv")).map((row) => [row.id, row]));
    const { said } = await compared(archiveOfRows(before), [...after.values()], { window: windowOf(before) });
    const exported = comparedColumns.filter((column) => column !== "ingested_at");
    const truth = before.flatMap((row) => {
      const now = after.get(row.id);
      if (now === undefined) return [`missing_in_database ${row.id}`];
      const changed = exported.filter((column) => row[column] !== now[column]);
      const kind = changed.includes("content_sha256") ? "content_differs" : "columns_differ";
      return changed.length === 0 ? [] : [[kind, row.id, ...changed].join(" ")];
    });
    expect(said).toEqual(truth.sort());
    expect(said.length).toBe(changes.length + 2); // and two neighbours whose links and seals were made to fit
    for (const { event_id } of changes) expect(said.join("\n")).toContain(event_id);
  });
});

describe("honest rows", () => {
  test("agree however they are split, sorted and written, with numbers and texts of every kind", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 7 }),
        async (length, rowGroupSize) => {
          const rows = ingested(Math.random, length);
          const shuffled = [...rows].sort((a, b) => (a.content_sha256 ?? "").localeCompare(b.content_sha256 ?? ""));
          const { totals, differences } = await compared(archiveOfRows(rows, rowGroupSize), shuffled, {
            window: windowOf(rows),
          });
          expect(differences).toEqual([]);
          expect(totals).toMatchObject({ agree: length, archived: length, stored: length, troubles: 0 });
        },
      ),
      { numRuns: 25 },
    );
  });

  test("JSON in Caracal's own canonical form says the same as jsonb text", async () => {
    const rows = ingested(Math.random, 30);
    const written = rows.map((row) => ({
      ...row,
      diagnostics_json: textsOf(canonicalJson(row.diagnostics_json)).next().value ?? null,
      metadata_json:
        row.metadata_json === null ? "null" : (textsOf(canonicalJson(row.metadata_json)).next().value ?? null),
    }));
    expect(written).not.toEqual(rows);
    const { said } = await compared(archiveOfRows(written), rows, { window: windowOf(rows) });
    expect(said).toEqual([]);
  });
});

/** What can be done to one of the two sides, and what must be said of it. */
const ways: Readonly<Record<string, (row: StoredRow) => { row: StoredRow | null; said: string }>> = {
  "a row removed": ({ id }) => ({ row: null, said: `missing_in_database ${id}` }),
  "a decision turned": (row) => ({
    row: { ...row, decision: row.decision === "allow" ? "deny" : "allow" },
    said: `columns_differ ${row.id} decision`,
  }),
  "a JSON member changed": (row) => ({
    row: { ...row, metadata_json: '{"resource": "resource://elsewhere"}' },
    said: `columns_differ ${row.id} metadata_json`,
  }),
  "a number changed in its last digit": (row) => ({
    row: { ...row, diagnostics_json: "[12345678901234567.25]" },
    said: `columns_differ ${row.id} diagnostics_json`,
  }),
  "a time moved": (row) => ({
    row: { ...row, occurred_at: "2026-11-20 20:00:00.5+00" },
    said: `columns_differ ${row.id} occurred_at`,
  }),
  "the content rewritten with its hash": (row) => ({
    row: { ...row, event_type: "jti_collision", content_sha256: "0".repeat(64) },
    said: `content_differs ${row.id} event_type content_sha256`,
  }),
  "moved in the chain and sealed anew": (row) => ({
    row: { ...row, chain_seq: (row.chain_seq ?? 0) + 1_000, chain_hmac: "f".repeat(64) },
    said: `columns_differ ${row.id} chain_hmac chain_seq`,
  }),
  "put into another zone": (row) => ({
    row: { ...row, zone_id: "elsewhere" },
    said: `columns_differ ${row.id} zone_id`,
  }),
  "said to be ingested in another hour": (row) => ({
    row: { ...row, ingested_at: new Date(ingestedMs(row) + 2 * hourMs).toISOString() },
    said: `columns_differ ${row.id} ingested_at`,
  }),
};

describe("what somebody did to the table", () => {
  test("is told of exactly the rows it was done to, as what it is", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 12, max: 40 }),
        fc.dictionary(fc.nat(39).map(String), fc.constantFrom(...Object.keys(ways)), { maxKeys: 4 }),
        async (length, done) => {
          const rows = ingested(Math.random, length);
          const expected: string[] = [];
          const now = rows.flatMap((row, at) => {
            const way = ways[done[String(at)] ?? ""];
            if (way === undefined) return [row];
            const { row: changed, said } = way(row);
            // A file whose every row is said to be of another hour would be the file's fault: one row of each hour stays.
            if (said.endsWith("ingested_at") && at % 4 === 0) return [row];
            expected.push(said);
            return changed === null ? [] : [changed];
          });
          const whole = windowOf(rows);
          const { said } = await compared(archiveOfRows(rows), now, {
            window: { ...whole, to: whole.to + 3 * hourMs },
          });
          expect(said).toEqual(expected.sort());
        },
      ),
      { numRuns: 40 },
    );
  });

  test("of one zone: a row moved out of it is told, rows of others are not", async () => {
    const [rows, others] = [ingested(Math.random, 8), ingested(Math.random, 8)];
    const zoneId = rows[0]?.zone_id ?? "";
    const now = [...rows.map((row, at) => (at === 3 ? { ...row, zone_id: "elsewhere" } : row)), ...others.slice(1)];
    const { said } = await compared(archiveOfRows([...rows, ...others]), now, {
      window: windowOf(rows),
      zoneId,
      rows: each(now.filter((row) => row.zone_id === zoneId)),
    });
    expect(said).toEqual([`columns_differ ${rows[3]?.id} zone_id`]);
  });

  test("a row put in that no export has is told; with values of both sides of one that differs", async () => {
    const rows = ingested(Math.random, 6);
    const put = { ...(rows[2] as StoredRow), id: "put-in", decision: "allow" };
    const turned = { ...(rows[4] as StoredRow), decision: "none" };
    const now = [...rows.slice(0, 4), turned, ...rows.slice(5), put];
    const { differences } = await compared(archiveOfRows(rows), now, { window: windowOf(rows) });
    expect(differences.find(({ finding }) => finding === "missing_in_archive")?.event_id).toBe("put-in");
    expect(differences.find(({ event_id }) => event_id === turned.id)).toMatchObject({
      archived: { decision: rows[4]?.decision },
      stored: { decision: "none" },
      row_proves_itself: false,
    });
  });

  test("a row that still gives its sealed hash is not to blame: the archive was changed", async () => {
    const rows = ingested(Math.random, 4);
    const archived = rows.map((row, at) => (at === 1 ? { ...row, decision: "none" } : row));
    const { differences, totals } = await compared(archiveOfRows(archived), rows, { window: windowOf(rows) });
    expect(differences).toMatchObject([{ event_id: rows[1]?.id, columns: ["decision"], row_proves_itself: true }]);
    expect(totals.archive_changed).toBe(1);
  });

  test("what a page missed and what changed while it was read is looked up, and not told", async () => {
    const rows = ingested(Math.random, 10);
    const seen = rows.slice(3).map((row, at) => (at === 0 ? { ...row, decision: "none" } : row));
    const { said } = await compared(archiveOfRows(rows), rows, { window: windowOf(rows), rows: each(seen) });
    expect(said).toEqual([]);
  });

  test("an event under the same id with another time is one too many", async () => {
    const rows = ingested(Math.random, 4);
    const twin = { ...(rows[1] as StoredRow), occurred_at: "2026-11-20 20:00:00.5+00" };
    const { said } = await compared(archiveOfRows(rows), [...rows, twin], { window: windowOf(rows) });
    expect(said).toEqual([`missing_in_archive ${twin.id}`]);
  });
});
