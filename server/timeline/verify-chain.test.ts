import { describe, expect, test } from "vitest";
import { entryHash, type EntryRow, noHash } from "@/server/timeline/entry-hash";
import { chainVerifier, type HeadRow, type KeptHead } from "@/server/timeline/verify-chain";

const chain = "11111111-2222-4333-8444-555555555555";

function chainOf(kinds: readonly string[]): EntryRow[] {
  const rows: EntryRow[] = [];
  for (const [index, kind] of kinds.entries()) {
    const row = {
      chain,
      seq: String(index + 1),
      at: `2026-11-24T02:00:0${index}.000001Z`,
      kind,
      actor_id: "p-1",
      actor_name: "Dana Responder",
      actor_roles: "responder",
      address: null,
      request_id: null,
      summary: `entry ${index + 1}`,
      details: '{"parameters": {"n": 1}}',
      prev_hash: rows.at(-1)?.hash ?? noHash,
    };
    rows.push({ ...row, hash: entryHash(row) });
  }
  return rows;
}

/** The same entries with their links and hashes made again from `from` on: what somebody who knows the method would do. */
function madeAgain(rows: readonly EntryRow[]): EntryRow[] {
  const out: EntryRow[] = [];
  for (const row of rows) {
    const next = { ...row, prev_hash: out.at(-1)?.hash ?? noHash };
    out.push({ ...next, hash: entryHash(next) });
  }
  return out;
}

const headOf = (rows: readonly EntryRow[]): HeadRow => {
  const last = rows.at(-1);
  return {
    seq: last?.seq ?? "0",
    hash: last?.hash ?? noHash,
    at: last?.at ?? null,
    closed: last?.kind === "incident.closed",
    rows: rows.length,
  };
};

function verdict(rows: readonly EntryRow[], head: HeadRow | "missing" | null = headOf(rows), kept: KeptHead[] = []) {
  const verifier = chainVerifier({ chain, kept });
  for (const row of rows) verifier.take(row);
  return verifier.end(head);
}

const good = chainOf(["incident.declared", "note.added", "signal.fired", "note.added", "incident.moved"]);
const edit = (index: number, change: Partial<EntryRow>) =>
  good.map((row, at) => (at === index ? { ...row, ...change } : row));
const at = (index: number): EntryRow => good[index] as EntryRow;

describe("a chain", () => {
  test("that is whole has nothing bad, and an empty one neither", () => {
    expect(verdict(good)).toBeNull();
    expect(verdict([])).toBeNull();
    expect(verdict([], "missing")).toBeNull();
  });

  test.each<[keyof EntryRow, string]>([
    ["at", "2026-11-24T02:00:02.000002Z"],
    ["kind", "note.edited"],
    ["actor_id", "p-2"],
    ["actor_name", "Somebody"],
    ["actor_roles", "admin"],
    ["address", "192.0.2.1"],
    ["request_id", "r"],
    ["summary", "entry 3 "],
    ["details", '{"parameters":{"n": 1}}'],
    ["prev_hash", "f".repeat(64)],
    ["hash", "f".repeat(64)],
    ["chain", "99999999-2222-4333-8444-555555555555"],
  ])("names the entry whose %s was changed", (column, value) => {
    expect(verdict(edit(2, { [column]: value }))).toMatchObject({ seq: 3 });
  });

  test("names what was removed, cut, swapped, put in between and numbered anew", () => {
    expect(verdict(good.filter((_, index) => index !== 2))).toMatchObject({
      seq: 3,
      problem: expect.stringMatching(/missing/),
    });
    expect(verdict(good.slice(0, 3), { ...headOf(good), rows: 3 })).toMatchObject({
      seq: 4,
      problem: expect.stringMatching(/head says that there are 5/),
    });
    const swapped = [at(0), { ...at(2), seq: "2" }, { ...at(1), seq: "3" }, at(3), at(4)];
    expect(verdict(swapped)).toMatchObject({ seq: 2 });
    expect(verdict([at(0), at(1), at(1), at(2)])).toMatchObject({
      seq: 2,
      problem: expect.stringMatching(/out of order/),
    });
    const renumbered = good.slice(1).map((row, index) => ({ ...row, seq: String(index + 1) }));
    expect(verdict(renumbered)).toMatchObject({ seq: 1 });
  });

  test("whose time goes back is not whole, even with hashes that fit", () => {
    const back = madeAgain(edit(3, { at: "2026-11-24T01:00:00.000000Z" }));
    expect(verdict(back)).toMatchObject({ seq: 4, problem: expect.stringMatching(/time is before/) });
  });

  test("allows nothing after the closing but a reopening", () => {
    expect(verdict(chainOf(["incident.closed", "incident.reopened", "note.added"]))).toBeNull();
    expect(verdict(chainOf(["incident.closed", "note.added"]))).toMatchObject({
      seq: 2,
      problem: expect.stringMatching(/closing/),
    });
  });

  test("disagrees with a head that was moved, lost or counts otherwise", () => {
    expect(verdict(good, "missing")).toMatchObject({ seq: 5, problem: expect.stringMatching(/head is missing/) });
    expect(verdict(good, { ...headOf(good), hash: "f".repeat(64) })).toMatchObject({ seq: 5 });
    expect(verdict(good, { ...headOf(good), at: "2026-11-24T02:00:04.000002Z" })).toMatchObject({ seq: 5 });
    expect(verdict(good, { ...headOf(good), closed: true })).toMatchObject({ seq: 5 });
    expect(verdict(good, { ...headOf(good), seq: "3" })).toMatchObject({
      seq: 4,
      problem: expect.stringMatching(/beyond the head/),
    });
    expect(verdict(good, { ...headOf(good), rows: 6 })).toMatchObject({
      problem: expect.stringMatching(/holds 6 entries, of which 5/),
    });
  });
});

describe("heads kept outside", () => {
  const kept = [2, 4].map((seq) => ({ seq, hash: at(seq - 1).hash, writtenAt: `minute ${seq}` }));

  test("agree with a chain that only grew", () => {
    const verifier = chainVerifier({ chain, kept });
    for (const row of good) verifier.take(row);
    expect(verifier.end(headOf(good))).toBeNull();
    expect(verifier.compared).toBe(2);
  });

  test("find a tail that was cut together with the head row", () => {
    const cut = good.slice(0, 3);
    expect(verdict(cut)).toBeNull(); // the database alone cannot know
    expect(verdict(cut, headOf(cut), kept)).toMatchObject({
      seq: 4,
      problem: expect.stringMatching(/kept outside at minute 4.*cut off/),
    });
  });

  test("find a record that was written anew with hashes that fit, and say from where", () => {
    const rewritten = madeAgain(edit(2, { summary: "nothing happened" }));
    expect(verdict(rewritten)).toBeNull();
    expect(verdict(rewritten, headOf(rewritten), kept)).toMatchObject({
      seq: 4,
      problem: expect.stringMatching(/from entry 3 to here/),
    });
  });
});

test("a copy without its texts is judged by its links alone", () => {
  const redacted = good.map((row) => ({ ...row, summary: "" }));
  const links = chainVerifier({ chain, texts: false });
  for (const row of redacted) links.take(row);
  expect(links.end(null)).toBeNull();
  expect(verdict(redacted)).toMatchObject({ seq: 1 });
});
