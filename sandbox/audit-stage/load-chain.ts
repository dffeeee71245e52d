import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Redis } from "ioredis";
import type { Client, PoolClient } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import type { ChainEntry, ChainRow } from "@/sandbox/audit-chain/honest-chain";

const cell = (value: unknown) => (value === null ? "" : `"${String(value).replaceAll('"', '""')}"`);

/** Puts rows into audit_events by COPY, as whoever owns the table. Their month's partition is made first. */
export async function loadChainRows(client: Client | PoolClient, rows: Iterable<ChainRow>): Promise<void> {
  let names: readonly string[] = [];
  const months = new Set<string>();
  let held: ChainRow[] = [];
  const copy = async () => {
    if (held.length === 0) return;
    names = Object.keys(held[0] ?? {}).filter((name) => name !== "ingested_at");
    for (const month of new Set(held.map(({ occurred_at }) => occurred_at.slice(0, 7)))) {
      if (!months.has(month))
        await client.query("SELECT ensure_audit_partition($1::timestamptz)", [`${month}-01T00:00:00Z`]);
      months.add(month);
    }
    const lines = held.map((row) => `${names.map((name) => cell(row[name as keyof ChainRow])).join(",")}\n`);
    await pipeline(
      Readable.from([lines.join("")]),
      client.query(copyFrom(`COPY audit_events (${names.join(", ")}) FROM STDIN CSV`)),
    );
    held = [];
  };
  for (const row of rows) {
    held.push(row);
    if (held.length >= 5_000) await copy();
  }
  await copy();
}

/** Puts entries into the stream, ingested: the group has read and acknowledged all of them. */
export async function loadChainStream(redis: Redis, entries: Iterable<ChainEntry>): Promise<void> {
  const stream = "caracal.audit.events";
  let pipe = redis.pipeline();
  let held = 0;
  let last = "0-0";
  for (const { id, fields } of entries) {
    pipe.xadd(stream, id, ...Object.entries(fields).flat());
    last = id;
    held += 1;
    if (held % 2_000 === 0) {
      await pipe.exec();
      pipe = redis.pipeline();
    }
  }
  await pipe.exec();
  await redis.xgroup("CREATE", stream, "audit-ingestor", "0", "MKSTREAM").catch(() => undefined);
  await redis.xgroup("SETID", stream, "audit-ingestor", last);
}
