import { describe, expect, it } from "vitest";
import { chainHmac, contentSha256, eventSignature, readEvent, wireEvent } from "@/sandbox/encoding/audit-event";
import { type Chain, type ChainRow, honestEvents, rowOf } from "@/sandbox/audit-chain/honest-chain";
import type { Finding } from "@/server/audit/verify/finding";
import type { StreamEntry } from "@/server/audit/verify/stream-entry";
import { verifyEvidence } from "@/server/audit/verify/verify-evidence";

const key = Buffer.alloc(32, 7);
const theirs = Buffer.alloc(32, 9);
const begun = Date.UTC(2026, 10, 20);
const minute = 60_000;

async function* each<T>(list: readonly T[]): AsyncGenerator<T> {
  yield* list;
}
/** A zone of rows, each ingested a minute after the other from `from` on. */
function zone(
  length: number,
  { by = key, from = begun, zoneId }: { by?: Buffer; from?: number; zoneId?: string } = {},
): Chain {
  const chain: Chain = { rows: [], stream: [], key: by };
  for (const { row, entry } of honestEvents(Math.random, by, zoneId === undefined ? {} : { zoneId })) {
    if (chain.rows.length === length) break;
    chain.rows.push({ ...row, ingested_at: new Date(from + chain.rows.length * minute).toISOString() });
    chain.stream.push(entry);
  }
  return chain;
}
const unsealed = (row: ChainRow): ChainRow => ({ ...row, chain_hmac: "", ingest_signature: "" });
async function verify(
  rows: readonly ChainRow[],
  stream: readonly StreamEntry[] | null = null,
  dead: readonly StreamEntry[] = [],
) {
  const found: Finding[] = [];
  const evidence = { rows: each(rows), stream: stream === null ? null : each(stream), deadLetters: each(dead), key };
  const totals = await verifyEvidence(evidence, (finding) => found.push(finding));
  const said = found.map(({ finding, chain_seq: seq, zone_id: id }) => `${finding} ${seq} of ${id}`);
  return { said: said.filter((one) => !one.startsWith("not_provable")), totals };
}

describe("rows that database access alone can make", () => {
  const honest = zone(20);
  const id = honest.rows[0]?.zone_id;

  it("are not proved in a zone of their own, sealed by nobody, nor outside of any chain", async () => {
    const forged = zone(3, { by: theirs, from: begun + minute }).rows.map(unsealed);
    const of = forged[0]?.zone_id;
    const { said, totals } = await verify([...honest.rows, ...forged], honest.stream);
    expect(said).toEqual([1, 2, 3].map((seq) => `rewritten_without_key ${seq} of ${of}`));
    expect(totals).toMatchObject({ rows: 23, tampered: 3 });
    const [loose] = zone(1, { by: theirs, from: begun + minute, zoneId: id ?? "" }).rows.map(unsealed);
    const beside = await verify([...honest.rows, { ...(loose as ChainRow), chain_seq: null }], honest.stream);
    expect(beside.said).toEqual([`rewritten_without_key null of ${id}`]);
  });

  it("at the beginning of a chain are named when another zone was sealed by then, and are not called proved otherwise", async () => {
    const [first, second, ...rest] = honest.rows as [ChainRow, ChainRow, ...ChainRow[]];
    const [made] = zone(1, { by: theirs, zoneId: id ?? "" }).rows.map(unsealed) as [ChainRow];
    const mended = { ...second, prev_content_sha256: made.content_sha256, chain_hmac: "" };
    const changed = [{ ...made, ingested_at: first.ingested_at }, mended, ...rest];
    const early = zone(2, { from: begun - minute });
    const { said } = await verify([...changed, ...early.rows]);
    expect(said).toContain(`rewritten_without_key 1 of ${id}`);
    expect(said).toContain(`seal_changed 2 of ${id}`);
    const alone = await verify(changed);
    expect(alone.totals.proved).toBeLessThan(alone.totals.rows);
  });

  it("are no reading of another key while this one was in use elsewhere; rows from before it are", async () => {
    const other = zone(20, { by: theirs });
    const garbled = other.rows.map((row) => ({ ...row, ingest_signature: "" }));
    const told = await verify([...honest.rows, ...garbled]);
    expect(told.said).toHaveLength(20);
    expect(told.said.every((one) => one.startsWith("rewritten_without_key"))).toBe(true);
    const before = zone(20, { by: theirs, from: begun - 60 * minute });
    expect((await verify([...honest.rows, ...before.rows])).said).toEqual([
      `key_drift null of ${before.rows[0]?.zone_id}`,
    ]);
  });

  it("show as what they are when one signature of the zone is left, wherever it is", async () => {
    const garbled = honest.rows.map((row, at) => ({
      ...row,
      chain_hmac: "0".repeat(64),
      ingest_signature: at === 15 ? row.ingest_signature : "",
    }));
    expect((await verify(garbled)).said).toContain(`seal_changed 16 of ${id}`);
  });

  it("of a time before the deployment had a key are honest, and not called tampered", async () => {
    const early = honest.rows.map((row, at) => (at < 8 ? unsealed(row) : row));
    const { said, totals } = await verify(early);
    expect(said).toEqual([]);
    expect(totals).toMatchObject({ tampered: 0, removed: 0 });
    expect(totals.not_provable).toBeGreaterThanOrEqual(8);
  });
});

it("a dead letter that says the row was there excuses no removed row", async () => {
  const chain = zone(6);
  const last = chain.rows.at(-1);
  const letter = (reason: string) => [{ id: "1-1", fields: { reason, src_id: last?.id ?? "" } }];
  const left = chain.rows.slice(0, -1);
  expect((await verify(left, chain.stream, letter("transient_exceeded_max_deliveries:x"))).said).toEqual([]);
  expect((await verify(left, chain.stream, letter("tamper_on_replay"))).said).toEqual([
    `tail_truncated 6 of ${last?.zone_id}`,
  ]);
});

describe("honest events that are hard to rebuild", () => {
  const event = {
    id: "01a20a12-3af7-72cd-a9fb-f89016fc9e15",
    zoneId: "zone",
    eventType: "token_exchange",
    requestId: "asked \ufffd for",
    decision: "allow" as const,
    evaluationStatus: "complete",
    determiningPolicies: [{ "policy \ufffd": "x" }],
    diagnostics: ["\ufffd"],
    metadata: { resource: "a" },
    occurredAt: 1_795_465_220_617_133_007n,
  };

  it("hold bytes that were no UTF-8, which Go's encoder wrote as an escape, or the character itself", async () => {
    for (const data of [wireEvent(event), wireEvent(event).replaceAll("\ufffd", "\\ufffd")]) {
      const content = contentSha256(readEvent(data));
      const row = {
        ...rowOf(event, null, key),
        content_sha256: content,
        chain_hmac: chainHmac(key, content, null),
        ingest_signature: eventSignature(key, data),
      };
      expect((await verify([row])).totals).toMatchObject({ proved: 1, tampered: 0 });
      expect((await verify([{ ...row, request_id: "asked ? for" }])).totals).toMatchObject({ tampered: 1 });
    }
  });

  it("are of any date: before 1970, and beyond what 64 bits count", async () => {
    for (const occurredAt of [
      -1_500_000_123n,
      -86_400_000_000_007n,
      10_413_792_000_000_000_123n,
      9_223_372_036_854_775_807n,
    ]) {
      const row = rowOf({ ...event, occurredAt }, null, key);
      expect((await verify([row])).totals, String(occurredAt)).toMatchObject({ proved: 1, tampered: 0 });
      expect((await verify([{ ...row, decision: "deny" }])).totals).toMatchObject({ tampered: 1 });
    }
  });
});
