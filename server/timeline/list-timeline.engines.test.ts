import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { z } from "zod";
import type { ConsoleDatabase } from "@/sandbox/engines/databases";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import { type Database, openDatabase } from "@/server/platform/postgres";
import { listTimeline, pageSql } from "@/server/timeline/list-timeline";
import { timelineInput } from "@/server/timeline/schemas";

let own: ConsoleDatabase;
let db: Database;
const incidentId = randomUUID();
const total = 30_000;
const member = { id: randomUUID(), roles: ["responder" as const] };

beforeAll(async () => {
  own = await freshConsoleDatabase();
  db = openDatabase({ url: own.url, label: "console", max: 3, statementTimeoutMs: 60_000 });
  for (const id of [incidentId, randomUUID()]) {
    await db.query(
      "INSERT INTO incidents (id, title, severity, origin, declared_by_name) VALUES ($1, 'volume', 'P2', 'by-hand', 'x')",
      [id],
    );
    for (
      let from = 1;
      from <= total;
      from += 500 // a transaction that appends very many rewrites its head row as often
    )
      await db.query(
        `INSERT INTO timeline_entries (chain, kind, actor_name, summary)
         SELECT $1, CASE WHEN n % 10000 = 7 THEN 'approval.voted' WHEN n % 3 = 0 THEN 'note.added' ELSE 'signal.changed' END, 'Dana',
                'entry ' || n || CASE WHEN n = 12345 THEN ' with a Needle_% in it' ELSE '' END
           FROM generate_series($2::int, $2 + 499) AS n`,
        [id, from],
      );
  }
  await db.query("INSERT INTO incident_pins (incident_id, seq) VALUES ($1, 5), ($1, 20000)", [incidentId]);
  await db.query("INSERT INTO incident_pins (incident_id, seq, pinned) VALUES ($1, 6, false)", [incidentId]);
});
afterAll(async () => {
  await db?.close();
  await own?.drop();
});

type Given = Omit<Partial<z.input<typeof timelineInput>>, "incidentId">;
const list = (given: Given = {}) =>
  listTimeline({ ctx: { db, actor: member }, input: timelineInput.parse({ incidentId, ...given }) });
const seqs = async (given: Given) => (await list(given)).entries.map(({ seq }) => seq);

describe("pages of a timeline of 30,000 entries", () => {
  test("begin with the newest, oldest first within the page", async () => {
    const page = await list({ limit: 3 });
    expect(page.entries.map(({ seq }) => seq)).toEqual([29_998, 29_999, 30_000]);
    expect(page).toMatchObject({ older: 29_998, newer: null, head: { seq: total } });
    expect(page.entries[2]).toMatchObject({
      kind: "note.added",
      actor: { id: null, name: "Dana", roles: [] },
      pinned: false,
    });
  });

  test("walk to the first entry and back again without a gap or a repeat", async () => {
    const down: number[] = [];
    for (let before: number | null | undefined; before !== null; ) {
      const page = await list({ before, limit: 200 });
      down.unshift(...page.entries.map(({ seq }) => seq));
      before = page.older;
    }
    expect(down).toEqual(Array.from({ length: total }, (_, index) => index + 1));
    const up: number[] = [];
    for (let after: number | null = 29_000; after !== null; ) {
      const page = await list({ after, limit: 150 });
      up.push(...page.entries.map(({ seq }) => seq));
      after = page.newer;
    }
    expect(up).toEqual(Array.from({ length: 1_000 }, (_, index) => 29_001 + index));
  });

  test("of rare and several families are whole and in order", async () => {
    expect(await seqs({ families: ["approval"] })).toEqual([7, 10_007, 20_007]);
    expect(await seqs({ families: ["approval"], after: 7, limit: 1 })).toEqual([10_007]);
    expect(await seqs({ families: ["approval", "note"], before: 10_010, limit: 3 })).toEqual([10_005, 10_007, 10_008]);
    expect(await list({ families: ["brake"] })).toMatchObject({ entries: [], older: null, newer: null });
  });

  test("of a text search look through a window and say where to go on", async () => {
    const found: number[] = [];
    let pages = 0;
    for (let before: number | null | undefined; before !== null; pages += 1) {
      const page = await list({ before, text: "needle_%" });
      found.push(...page.entries.map(({ seq }) => seq));
      before = page.older;
    }
    expect(found).toEqual([12_345]);
    expect(pages).toBe(6);
    expect(await seqs({ text: "entry", before: 100, limit: 2 })).toEqual([98, 99]);
  });

  test("of pinned entries hold those alone", async () => {
    expect(await seqs({ pinnedOnly: true })).toEqual([5, 20_000]);
    expect((await list({ after: 4, limit: 1 })).entries[0]?.pinned).toBe(true);
  });
});

test.each<[string, Given]>([
  ["any page", {}],
  ["a family", { families: ["approval"] }],
  ["several families", { families: ["approval", "note", "brake"] }],
  ["a text", { text: "needle" }],
  ["pins", { pinnedOnly: true }],
])("%s is read over an index, in both directions, and touches few rows", async (_, given) => {
  const input = timelineInput.parse({ incidentId, ...given });
  for (const forwards of [true, false]) {
    const between = given.text === undefined ? [0, total + 1] : [10_000, 15_001];
    const plan = await db.query<{ "QUERY PLAN": string }>(`EXPLAIN (ANALYZE, BUFFERS) ${pageSql(input, forwards)}`, [
      incidentId,
      ...between,
      input.families,
      input.text,
      101,
    ]);
    const lines = plan.map((row) => row["QUERY PLAN"]).join("\n");
    expect(lines).not.toMatch(/Seq Scan on timeline_entries/);
    const removed = [...lines.matchAll(/Rows Removed by Filter: (\d+)/g)].map(([, count]) => Number(count));
    expect(Math.max(0, ...removed), lines).toBeLessThanOrEqual(5_000);
  }
});

test("what may not be seen is not there", async () => {
  await db.query("UPDATE incidents SET restricted = true WHERE id = $1", [incidentId]);
  await expect(list()).rejects.toMatchObject({ code: "not_found" });
  await db.query("UPDATE incidents SET restricted = false WHERE id = $1", [incidentId]);
});
