import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshCaracalDatabase } from "@/sandbox/engines/test-databases";
import { type AuditPage, searchAuditInput } from "@/server/audit/schemas";
import { searchAudit } from "@/server/audit/search-audit";
import { openDatabase, type Database } from "@/server/platform/postgres";

let caracal: Awaited<ReturnType<typeof freshCaracalDatabase>>;
let db: Database;
let owner: Database;

beforeAll(async () => {
  caracal = await freshCaracalDatabase();
  db = openDatabase({ url: caracal.url, label: "Caracal's Postgres", max: 2, statementTimeoutMs: 5_000 });
  owner = openDatabase({ url: caracal.ownerUrl, label: "owner", max: 1, statementTimeoutMs: 30_000 });
});

afterAll(async () => {
  await Promise.all([db?.close(), owner?.close()]);
  await caracal?.drop();
});

const search = (question: Record<string, unknown>) =>
  searchAudit({ ctx: { caracal: { db } }, input: searchAuditInput.parse(question) });

type Put = { readonly zone: string; readonly id: string; readonly at: string; readonly metadata?: string };

const put = (events: readonly Put[]) =>
  owner.query(
    `INSERT INTO audit_events (id, zone_id, event_type, request_id, decision, evaluation_status, metadata_json, occurred_at)
     SELECT e->>'id', e->>'zone', CASE WHEN length(e->>'id') % 2 = 0 THEN 'even' ELSE 'odd' END, 'r', 'allow', 'complete',
            coalesce(e->>'metadata', '{"resource": "resource://x"}')::jsonb, (e->>'at')::timestamptz
       FROM json_array_elements($1::json) AS e`,
    [JSON.stringify(events)],
  );

/** Walks from one end to the other; `meanwhile` is called between pages. Gives the rows as they were read, and the last page's cursor back. */
async function walk(
  question: Record<string, unknown>,
  direction: "older" | "newer",
  start: string | null,
  meanwhile: (page: number) => Promise<unknown> = async () => undefined,
): Promise<{ readonly ids: string[]; readonly back: string | null }> {
  const ids: string[] = [];
  let cursor = start;
  let back: string | null = null;
  for (let n = 0; ; n += 1) {
    const page: AuditPage = await search({ ...question, direction, cursor });
    const read = page.rows.map((row) => row.id);
    ids.push(...(direction === "older" ? read : read.reverse()));
    back = direction === "older" ? page.newer : page.older;
    cursor = direction === "older" ? page.older : page.newer;
    if (cursor === null) return { ids, back };
    await meanwhile(n);
  }
}

describe("paging", () => {
  let run = 0;
  const moments = [
    "2026-11-03T10:00:00.000000Z",
    "2026-11-03T10:00:00.000001Z",
    "2026-11-03T10:00:00.5Z",
    "2026-11-03T11:00:00Z",
    "2026-10-31T23:59:59.999999Z", // another partition
    "2026-11-01T00:00:00Z",
  ];

  it("gives exactly the set, once each and in order, both ways, while newer events come in", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ moment: fc.nat(moments.length - 1), length: fc.integer({ min: 1, max: 4 }) }), {
          minLength: 1,
          maxLength: 120,
        }),
        fc.integer({ min: 1, max: 17 }),
        fc.constantFrom(undefined, "odd", "even"),
        fc.boolean(),
        async (shapes, limit, eventType, everyZone) => {
          run += 1;
          const zone = `walk-${run}`;
          const month = 1 + (run % 9); // of 2027 and on: partitions that are not there, so the default one
          const shift = (at: string) => (run % 4 === 0 ? at.replace("2026", `20${30 + month}`) : at);
          const window = { since: shift("2026-10-20T00:00:00Z"), until: shift("2026-11-10T00:00:00Z") };
          const events = shapes.map(({ moment, length }, n) => ({
            zone: everyZone && eventType === undefined && n % 2 === 1 ? `${zone}-other` : zone,
            id: `${zone}-${"x".repeat(length)}${n}`,
            at: shift(moments[moment] ?? ""),
          }));
          await put(events);
          const question = {
            ...window,
            limit,
            ...(everyZone && eventType === undefined ? {} : { zoneId: zone }),
            ...(eventType === undefined ? {} : { eventType }),
          };
          const ours = events
            .filter(({ id }) => eventType === undefined || (id.length % 2 === 0) === (eventType === "even"))
            .map(({ id }) => id);
          const wanted = [...ours].sort();
          const newer = (n: number) =>
            n > 8
              ? Promise.resolve()
              : put([{ zone, id: `${zone}-new-${n}-${"y".repeat(n)}`, at: shift("2026-11-09T00:00:00Z") }]);
          const own = (ids: readonly string[]) => ids.filter((id) => id.startsWith(`${zone}-x`));
          const down = await walk(question, "older", null, newer);
          expect([...own(down.ids)].sort()).toEqual(wanted);
          const up = await walk(question, "newer", null);
          expect([...own(up.ids)].sort()).toEqual(wanted);
          expect(own(up.ids)).toEqual([...own(down.ids)].reverse());
          expect(new Set(up.ids).size).toBe(up.ids.length);
          if (down.back !== null) {
            const lastPage = (await search({ ...question, direction: "newer", cursor: null, limit: 200 })).rows.length;
            const back = await walk(question, "newer", down.back);
            expect(new Set(back.ids).size).toBe(back.ids.length);
            for (const id of own(back.ids)) expect(wanted).toContain(id);
            if (lastPage <= 200) expect(back.ids).toEqual(up.ids.slice(-back.ids.length));
          }
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);

  it("goes through thousands of events of one microsecond", async () => {
    const events = Array.from({ length: 3_000 }, (_, n) => ({
      zone: "one-moment",
      id: `m-${(n * 7_919) % 3_000}`,
      at: "2026-11-05T05:05:05.555555Z",
    }));
    await put(events);
    const question = { zoneId: "one-moment", since: "2026-11-05T00:00:00Z", until: "2026-11-06T00:00:00Z", limit: 200 };
    const down = await walk(question, "older", null);
    expect(down.ids.length).toBe(3_000);
    expect(new Set(down.ids).size).toBe(3_000);
    const up = await walk(question, "newer", down.back);
    expect(new Set([...up.ids, ...down.ids.slice(-200)]).size).toBe(3_000);
  });

  it("leads back from a page on which nothing matched, to the event before it", async () => {
    const zone = "sparse";
    const second = (n: number) => new Date(Date.parse("2026-11-06T00:00:00Z") + n * 1_000).toISOString();
    // Enough events that the first look ends before it is through: only the newest and the oldest match.
    await owner.query(
      `INSERT INTO audit_events (id, zone_id, event_type, request_id, decision, evaluation_status, metadata_json, occurred_at)
       SELECT 'sparse-' || n, $1, CASE WHEN n IN (1, 60000) THEN 'wanted' ELSE 'other' END, 'r', 'allow', 'complete', '{}', $2::timestamptz + n * interval '1 second'
         FROM generate_series(1, 60000) AS n`,
      [zone, second(0)],
    );
    const question = { zoneId: zone, since: second(0), until: second(70_000), eventType: "wanted", limit: 10 };
    const pages: AuditPage[] = [];
    for (let cursor: string | null = null; pages.length === 0 || cursor !== null; ) {
      const page: AuditPage = await search({ ...question, cursor });
      pages.push(page);
      cursor = page.older;
    }
    expect(pages.flatMap((page) => page.rows.map((row) => row.id))).toEqual(["sparse-60000", "sparse-1"]);
    expect(pages.length).toBeGreaterThan(2);
    for (const page of pages.slice(0, -1)) {
      expect(page.stopped?.examined).toBe(page.examined);
      expect(page.stopped?.examined).toBeGreaterThanOrEqual(1_000);
    }
    const last = pages.at(-1);
    const back = await walk(question, "newer", last?.newer ?? null);
    expect(back.ids).toEqual(["sparse-60000"]);
  });
});

describe("what is hidden cannot be found", () => {
  const secret = `eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.${"c2lnbmF0dXJl"}`;
  const window = { since: "2026-11-07T00:00:00Z", until: "2026-11-08T00:00:00Z", zoneId: "hidden" };

  beforeAll(() =>
    put(
      [
        `{"resource": "resource://open", "note": "carried ${secret}"}`,
        `{"resource": "resource://open", "client_secret": "hunter22"}`,
        `{"requested": ["ada@example.org", "resource://open"]}`,
      ].map((metadata, n) => ({ zone: "hidden", id: `h-${n}`, at: `2026-11-07T0${n}:00:00Z`, metadata })),
    ),
  );

  it("by any part of it, and what stands beside it is", async () => {
    for (const text of ["eyJhb", "eyJzdWIi", "hunter", "unter22", "ada@", "example.org", "ada"]) {
      const found = await search({ ...window, text });
      expect(found.rows, text).toEqual([]);
      expect(found.examined, text).toBe(3); // as for a text that nothing holds
    }
    expect((await search({ ...window, text: "carried" })).rows.map((row) => row.id)).toEqual(["h-0"]);
    expect((await search({ ...window, text: "OPEN" })).rows.length).toBe(3);
  });

  it("nor by asking for it as a resource", async () => {
    await expect(search({ ...window, resource: "ada@example.org" })).rejects.toMatchObject({ code: "bad_input" });
  });

  it("nor read in the list", async () => {
    const { rows } = await search(window);
    expect(rows.length).toBe(3);
    const shown = JSON.stringify(rows);
    for (const hidden of [secret, "hunter22", "ada@example.org"]) expect(shown).not.toContain(hidden);
    expect(rows[0]?.resource).toBe("[redacted: e-mail], resource://open");
  });
});
