import { createReadStream, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { type Chain, honestChain } from "@/sandbox/audit-chain/honest-chain";
import { tamper, wayNames } from "@/sandbox/audit-chain/tampering";
import type { Finding } from "@/server/audit/verify/finding";
import { rowsOfCsv } from "@/server/audit/verify/rows-of-csv";
import { dataSignature } from "@/server/audit/verify/seals";
import type { StoredRow } from "@/server/audit/verify/stored-row";
import type { StreamEntry } from "@/server/audit/verify/stream-entry";
import { verifyEvidence } from "@/server/audit/verify/verify-evidence";

vi.setConfig({ testTimeout: 120_000 }); // many chains: nothing here is about speed

async function* each<T>(list: readonly T[]): AsyncGenerator<T> {
  yield* list;
}
/** Small, fast and the same for a seed. */
function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
async function verify(
  rows: readonly StoredRow[],
  chain: Pick<Chain, "stream" | "key">,
  streams = true,
  key: Buffer | null = chain.key,
) {
  const found: Finding[] = [];
  const shuffled = [...rows].sort((a, b) => (a.content_sha256 ?? "").localeCompare(b.content_sha256 ?? "")); // COPY keeps no order
  const totals = await verifyEvidence(
    { rows: each(shuffled), stream: streams ? each(chain.stream) : null, deadLetters: null, key },
    (finding) => found.push(finding),
  );
  return { found, totals };
}

describe("the recorded incident", () => {
  const folder = new URL("../../../sandbox/fixtures/recorded-incident/", import.meta.url);
  const { AUDIT_HMAC_KEY: hex } = JSON.parse(readFileSync(new URL("keys.json", folder), "utf8")) as Record<
    string,
    string
  >;
  const key = Buffer.from(hex ?? "", "hex");
  const { changes } = JSON.parse(readFileSync(new URL("changes.json", folder), "utf8")) as {
    changes: { zone_id: string; chain_seq: number; event_id: string; kind: string; visible_without_witness: boolean }[];
  };
  async function* entries(name: string): AsyncGenerator<StreamEntry> {
    for await (const line of createInterface({ input: createReadStream(new URL(name, folder)) }))
      if (line !== "") yield JSON.parse(line) as StreamEntry;
  }
  async function verified(state: "before" | "after", streams: boolean) {
    const found: Finding[] = [];
    const totals = await verifyEvidence(
      {
        rows: rowsOfCsv(new URL(`${state}/audit_events.csv`, folder).pathname),
        stream: streams ? entries("before/caracal.audit.events.jsonl") : null,
        deadLetters: streams ? entries("before/caracal.audit.events.dlq.jsonl") : null,
        key,
      },
      (finding) => found.push(finding),
    );
    return { found, totals };
  }

  it("is whole before: every row proved, with the stream and without", async () => {
    for (const streams of [true, false])
      expect(await verified("before", streams)).toEqual({
        found: [],
        totals: { rows: 647, proved: 647, tampered: 0, removed: 0, not_provable: 0 },
      });
  });

  it("is changed after in exactly the recorded ways, by the stream", async () => {
    const { found, totals } = await verified("after", true);
    expect(
      found.map(({ zone_id, chain_seq, event_id, finding: kind }) => ({ zone_id, chain_seq, event_id, kind })),
    ).toEqual(changes.map(({ zone_id, chain_seq, event_id, kind }) => ({ zone_id, chain_seq, event_id, kind })));
    expect(found.map(({ columns }) => columns).slice(0, 4)).toEqual([
      ["decision"],
      ["metadata_json"],
      [],
      ["occurred_at"],
    ]);
    expect(totals).toEqual({ rows: 641, proved: 635, tampered: 6, removed: 6, not_provable: 0 });
  });

  it("shows without the stream exactly what rows and key can show", async () => {
    const { found } = await verified("after", false);
    expect(found.map(({ zone_id, chain_seq, finding }) => ({ zone_id, chain_seq, finding }))).toEqual(
      changes
        .filter(({ visible_without_witness: visible }) => visible)
        .map(({ zone_id, chain_seq, kind }) => ({
          zone_id,
          chain_seq,
          finding: kind === "column_changed" ? "content_mismatch" : kind,
        })),
    );
  });
});

describe("random chains", () => {
  it("honest ones are proved row by row, with the stream and without", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 25 }), fc.boolean(), async (seed, length, streams) => {
        const chain = honestChain(seeded(seed), length);
        const { found, totals } = await verify(chain.rows, chain, streams);
        const unprovable = found.filter(({ finding }) => finding === "not_provable").length; // more than 4,096 ways to write its numbers
        expect(found.filter(({ finding }) => finding !== "not_provable")).toEqual([]);
        expect(totals).toMatchObject({ rows: length, tampered: 0, removed: 0, proved: length - unprovable });
        if (streams) expect(unprovable).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it.each(wayNames)("%s: named as what it is, on exactly its rows", async (way) => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 6, max: 20 }), async (seed, length) => {
        const random = seeded(seed);
        const chain = honestChain(random, length);
        const done = tamper(chain, way, random);
        const { found } = await verify(done.rows, chain);
        const told = found.map(({ finding, chain_seq, event_id }) => ({ finding, chain_seq, event_id }));
        const order = (a: { event_id: string | null }, b: { event_id: string | null }) =>
          (a.event_id ?? "").localeCompare(b.event_id ?? "");
        expect([...told].sort(order)).toEqual([...done.found].sort(order));
      }),
      { numRuns: 40 },
    );
  });

  it("without the stream the signature at ingest tells a changed seal from a rewritten row", async () => {
    const found = async (way: string) => {
      const random = seeded(23);
      const chain = honestChain(random, 12);
      const done = tamper(chain, way, random);
      const { found: told } = await verify(done.rows, chain, false);
      return told.map(({ finding }) => finding).filter((kind) => kind !== "not_provable");
    };
    expect(await found("a seal changed")).toEqual(["seal_changed"]);
    expect(await found("rewritten without the key")).toEqual(["rewritten_without_key"]);
  });

  it("another key is drift, not an attack; one row alone cannot tell", async () => {
    const chain = honestChain(seeded(7), 12);
    const { found, totals } = await verify(chain.rows, chain, true, Buffer.alloc(32, 1));
    expect(found.map(({ finding }) => finding).filter((kind) => kind !== "not_provable")).toEqual(["key_drift"]);
    expect(totals).toMatchObject({ tampered: 0, removed: 0 });
    const alone = await verify(chain.rows.slice(0, 1), chain, false, Buffer.alloc(32, 1));
    expect(alone.found.map(({ finding }) => finding)).not.toContain("key_drift");
  });

  it("of two zones the one that another key sealed drifts, and the other is proved", async () => {
    const [one, two] = [honestChain(seeded(31), 6), honestChain(seeded(32), 6)];
    const found: Finding[] = [];
    const evidence = { rows: each([...one.rows, ...two.rows]), stream: each(two.stream), deadLetters: null };
    const totals = await verifyEvidence({ ...evidence, key: two.key }, (finding) => found.push(finding));
    expect(found.map(({ finding, zone_id }) => [finding, zone_id]).filter(([kind]) => kind !== "not_provable")).toEqual(
      [["key_drift", one.rows[0]?.zone_id]],
    );
    expect(totals).toMatchObject({ tampered: 0, removed: 0 });
    // Its seals alone prove nothing of the key: what was signed at ingest holds, so they were changed.
    const resealed = two.rows.map((row) => ({ ...row, chain_hmac: "0".repeat(64) }));
    expect((await verify(resealed, two, false)).found.map(({ finding }) => finding)).toContain("seal_changed");
  });

  it("a chain whose beginning went with old partitions is whole; a dead letter is not missing", async () => {
    const chain = honestChain(seeded(9), 20);
    const kept = { rows: chain.rows.slice(8), stream: chain.stream.slice(8), key: chain.key };
    const { found, totals } = await verify(kept.rows, kept);
    expect(found).toEqual([expect.objectContaining({ finding: "retention_gap", chain_seq: 8 })]);
    expect(totals).toMatchObject({ tampered: 0, removed: 0, proved: 12 });

    const other = honestChain(seeded(11), 5, chain.key);
    const lost = other.stream.at(-1);
    const told: Finding[] = [];
    const dead = {
      id: "1-0",
      fields: { reason: "pg_permanent_error", src_id: lost?.fields.id ?? "", src_data: "no JSON" },
    };
    await verifyEvidence(
      { rows: each(other.rows.slice(0, -1)), stream: each(other.stream), deadLetters: each([dead]), key: chain.key },
      (finding) => told.push(finding),
    );
    expect(told).toEqual([]);
  });

  it("a head seen earlier contradicts whoever holds the key and has the stream too", async () => {
    const chain = honestChain(seeded(17), 10);
    const head = chain.rows[6];
    const anchors = new Map([[head?.zone_id ?? "", [{ seq: 7, id: head?.id ?? "", content: "f".repeat(64) }]]]);
    const told: Finding[] = [];
    await verifyEvidence(
      { rows: each(chain.rows), stream: each(chain.stream), deadLetters: null, key: chain.key, anchors },
      (finding) => told.push(finding),
    );
    expect(told).toEqual([
      expect.objectContaining({ finding: "rewritten_with_key", chain_seq: 7, witnesses: ["row", "anchor"] }),
    ]);
  });

  it("a row without a hash is not provable, and its neighbours are what they are", async () => {
    const chain = honestChain(seeded(41), 9);
    const rows = chain.rows.map((row, at) => (at === 4 ? { ...row, content_sha256: null } : row));
    for (const streams of [true, false]) {
      const { found, totals } = await verify(rows, chain, streams);
      const told = found.filter(({ chain_seq }) => chain_seq === 5 || chain_seq === 6);
      expect(told.map(({ finding, chain_seq }) => [finding, chain_seq])).toEqual([["not_provable", 5]]);
      expect(totals).toMatchObject({ tampered: 0, removed: 0 });
    }
  });

  it("one id in two zones is two events: each zone's own copy is its witness, and one that is gone is missed", async () => {
    const one = honestChain(seeded(51), 6);
    const two = honestChain(seeded(52), 6, one.key);
    const twin = one.rows[2] as (typeof one.rows)[0];
    const at3 = two.stream[3] as (typeof two.stream)[0];
    const data = at3.fields.data.replace(two.rows[3]?.id ?? "", twin.id);
    const shared = { id: at3.id, fields: { id: twin.id, data, sig: dataSignature(one.key, data) } };
    const stream = [...one.stream, ...two.stream.map((entry, at) => (at === 3 ? shared : entry))];
    const rows = [...one.rows, ...two.rows.slice(0, 3)]; // of the second zone the tail is cut, the twin with it
    const { found } = await verify(rows, { stream, key: one.key });
    expect(
      found.map(({ finding, zone_id, event_id }) => [finding, zone_id === two.rows[0]?.zone_id, event_id]),
    ).toEqual([
      ["tail_truncated", true, twin.id],
      ["tail_truncated", true, two.rows[4]?.id],
      ["tail_truncated", true, two.rows[5]?.id],
    ]);
  });

  it("a stream entry that is not signed with the key is nobody's witness", async () => {
    const chain = honestChain(seeded(13), 8);
    const forged = chain.stream.map((entry, at) =>
      at === 3
        ? { ...entry, fields: { ...entry.fields, data: entry.fields.data.replace("complete", "forged") } }
        : entry,
    );
    expect((await verify(chain.rows, { stream: forged, key: chain.key })).found).toEqual([]);
  });
});
