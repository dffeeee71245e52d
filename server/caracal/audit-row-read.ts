import type { Redis } from "ioredis";
import { auditStream, storedColumns } from "@/server/caracal/audit-chain-read";
import { readEntries, type RawEntry } from "@/server/caracal/streams/entries";
import { streamIdTime } from "@/server/caracal/streams/stream-id";
import type { StoredRow } from "@/server/audit/verify/stored-row";
import type { Queryable } from "@/server/platform/postgres";

/** The rows with these keys, over the primary key, in the order given; those that are gone are left out. */
export async function readStoredRows(
  tx: Queryable,
  keys: readonly { readonly id: string; readonly occurredAt: string }[],
): Promise<StoredRow[]> {
  return tx.query<StoredRow>(
    `SELECT event.* FROM unnest($1::text[], $2::timestamptz[]) WITH ORDINALITY AS wanted (id, at, place) CROSS JOIN LATERAL (
       SELECT ${storedColumns} FROM audit_events WHERE id = wanted.id AND occurred_at = wanted.at) AS event ORDER BY wanted.place`,
    [keys.map(({ id }) => id), keys.map(({ occurredAt }) => occurredAt)],
  );
}

const mostOfOneSeq = 5;

export type ChainNeighbours = {
  readonly previous: readonly StoredRow[]; // rows of the seq before; more than one: the seq was given twice
  readonly next: readonly StoredRow[];
  readonly first: number; // of the zone's rows that are there
  readonly last: number;
};

/** What stands before and after a place in a zone's chain, over the index (zone_id, chain_seq). */
export async function readNeighbours(tx: Queryable, zoneId: string, seq: number): Promise<ChainNeighbours> {
  const at = (wanted: number) =>
    tx.query<StoredRow>(
      `SELECT ${storedColumns} FROM audit_events WHERE zone_id = $1 AND audit_events.chain_seq = $2 ORDER BY id LIMIT ${mostOfOneSeq}`,
      [zoneId, wanted],
    );
  const end = async (way: "ASC" | "DESC") => {
    const rows = await tx.query<{ seq: number }>(
      `SELECT chain_seq::float8 AS seq FROM audit_events WHERE zone_id = $1 AND chain_seq IS NOT NULL ORDER BY audit_events.chain_seq ${way} LIMIT 1`,
      [zoneId],
    );
    return rows[0]?.seq ?? seq;
  };
  return { previous: await at(seq - 1), next: await at(seq + 1), first: await end("ASC"), last: await end("DESC") };
}

export type StreamLook = {
  readonly entries: readonly RawEntry[]; // that speak of the event
  readonly looked: number;
  readonly from: string | null; // the oldest id that was looked at
  readonly whole: boolean; // everything between the two times that the stream still has was looked at
};

const pageSize = 500;
const mostPages = 10;
const slackMs = 2_000; // between Redis's clock, STS's and Postgres's

/** The stream's entries of an event: looked for backwards from when it was ingested to when it occurred, in at most 5,000 entries. */
export async function findStreamEntries(
  redis: Redis,
  id: string,
  occurredMs: number,
  ingestedMs: number,
): Promise<StreamLook> {
  const found: RawEntry[] = [];
  const earliest = Math.min(occurredMs, ingestedMs) - slackMs;
  let after: string | null = `${Math.max(occurredMs, ingestedMs) + slackMs}-0`;
  let looked = 0;
  let from: string | null = null;
  for (let n = 0; n < mostPages; n += 1) {
    const page: RawEntry[] = await readEntries(redis, {
      stream: auditStream,
      after,
      direction: "newest",
      limit: pageSize,
    });
    for (const entry of page) {
      if ((streamIdTime(entry.id) ?? 0) < earliest) return { entries: found, looked, from, whole: true };
      looked += 1;
      from = entry.id;
      if (entry.fields.id === id || entry.fields.data?.includes(id) === true) found.push(entry);
    }
    after = page.at(-1)?.id ?? null;
    if (page.length < pageSize || after === null) return { entries: found, looked, from, whole: true };
  }
  return { entries: found, looked, from, whole: false };
}
