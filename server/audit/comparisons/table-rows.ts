import { nanosecondsOf, type StoredRow } from "@/server/audit/verify/stored-row";
import { firstSeqSince, nextEventZones, readPartitions } from "@/server/caracal/audit-archive-read";
import { readChainRows } from "@/server/caracal/audit-chain-read";
import { rowsById } from "@/server/caracal/audit-rows-by-id";
import { boundedRead } from "@/server/caracal/bounded-read";
import type { Database } from "@/server/platform/postgres";

const bounds = { timeoutMs: 10_000, narrow: "It is tried again." };
const rowsAtOnce = 1_000;
const zonesAtOnce = 200;
/** Rows of one chain may have been ingested out of its order by as much as a transaction takes. */
const slackMs = 10 * 60_000;

type Window = { readonly from: number; readonly to: number };

async function* zonesOf(db: Database, zoneId: string | null): AsyncGenerator<string> {
  if (zoneId !== null) {
    yield zoneId;
    return;
  }
  for (let after = ""; ; ) {
    const zones = await boundedRead(db, bounds, (tx) => nextEventZones(tx, after, zonesAtOnce));
    yield* zones;
    after = zones.at(-1) ?? after;
    if (zones.length < zonesAtOnce) return;
  }
}

const ingestedMs = ({ ingested_at: at }: StoredRow): number =>
  at === null ? Number.NaN : Number((nanosecondsOf(at) ?? 0n) / 1_000_000n);

/** The rows that were ingested in a window, zone by zone in the order of its chain: pages of an index, and only of the part that matters. */
export async function* rowsIngested(
  db: Database,
  zoneId: string | null,
  { from, to }: Window,
): AsyncGenerator<StoredRow> {
  for await (const zone of zonesOf(db, zoneId)) {
    const seq = await boundedRead(db, bounds, (tx) => firstSeqSince(tx, zone, from - slackMs));
    if (seq === null) continue;
    for (let after = { seq, id: "" }; ; ) {
      const page: StoredRow[] = await boundedRead(db, bounds, (tx) => readChainRows(tx, zone, after, rowsAtOnce));
      for (const row of page) if (ingestedMs(row) >= from && ingestedMs(row) < to) yield row;
      const last = page.at(-1);
      if (last === undefined || page.length < rowsAtOnce || page.every((row) => ingestedMs(row) >= to + slackMs)) break;
      after = { seq: last.chain_seq ?? 0, id: last.id };
    }
  }
}

export const rowsNow = (db: Database, ids: readonly string[]) => boundedRead(db, bounds, (tx) => rowsById(tx, ids));

export const partitionsNow = (db: Database) => boundedRead(db, bounds, readPartitions);
