import type { Deployment } from "@/server/caracal/deployment";
import { claimOutboxRows, flattenPayload, markDispatched, undispatched } from "@/server/caracal/revocation/outbox-rows";
import { publishBound } from "@/server/caracal/revocation/revocation-stream";
import { compareStreamIds } from "@/server/caracal/revocation/stream-ids";
import { streamSignature } from "@/server/caracal/stream-signature";
import { listOf, numberOrNull, pairs, pipelined } from "@/server/caracal/streams/redis-pipeline";
import type { Queryable } from "@/server/platform/postgres";

export const keyStream = "caracal.keys.invalidate";
export const keyGroup = "sts-keys"; // all STS replicas share it (trap 3)

/** A consumer of the group by Redis's clock. */
export type KeyConsumer = {
  readonly name: string;
  readonly deliveredAt: number | null; // epoch ms of the last message it was handed; null: none, as far as Redis tells
  readonly silentMs: number | null; // since it last asked; null before Redis 7.2, which does not tell that apart
};
export type KeyGroupState = {
  readonly lastDelivered: string;
  readonly lastEntry: string;
  readonly consumers: readonly KeyConsumer[];
};

const epochMs = (time: unknown): number => {
  const [seconds, micros] = listOf(time);
  return Number(seconds) * 1_000 + Number(micros) / 1_000;
};

/** The group of the STS replicas as it stands, in one round trip; null when the stream or the group is not there. */
export async function readKeyGroup(redis: Deployment["redis"]): Promise<KeyGroupState | null> {
  const [stream, groups, consumers, time] = await pipelined(
    redis,
    [
      ["XINFO", "STREAM", keyStream],
      ["XINFO", "GROUPS", keyStream],
      ["XINFO", "CONSUMERS", keyStream, keyGroup],
      ["TIME"],
    ],
    () => undefined,
  );
  if (!stream?.ok || !groups?.ok || !consumers?.ok || !time?.ok) return null;
  const group = listOf(groups.value)
    .map(pairs)
    .find((fields) => fields.get("name") === keyGroup);
  if (group === undefined) return null;
  const now = epochMs(time.value);
  return {
    lastDelivered: String(group.get("last-delivered-id")),
    lastEntry: String(pairs(stream.value).get("last-generated-id")),
    consumers: listOf(consumers.value)
      .slice(0, 200)
      .map((row) => {
        const fields = pairs(row);
        const tellsBoth = fields.has("inactive");
        const idle = numberOrNull(fields.get("idle"));
        const ago = tellsBoth ? numberOrNull(fields.get("inactive")) : idle;
        return {
          name: String(fields.get("name")),
          deliveredAt: ago === null || ago < 0 ? null : now - ago,
          silentMs: tellsBoth ? idle : null,
        };
      }),
  };
}

/** True when the group was handed everything up to the entry and none of `first` to `last` is pending. */
export async function groupHasRead(redis: Deployment["redis"], first: string, last: string): Promise<boolean> {
  const [groups, pending] = await pipelined(
    redis,
    [
      ["XINFO", "GROUPS", keyStream],
      ["XPENDING", keyStream, keyGroup, first, last, 1],
    ],
    () => undefined,
  );
  if (!groups?.ok || !pending?.ok) return false;
  const group = listOf(groups.value)
    .map(pairs)
    .find((fields) => fields.get("name") === keyGroup);
  const at = group?.get("last-delivered-id");
  return typeof at === "string" && compareStreamIds(at, last) >= 0 && listOf(pending.value).length === 0;
}

export type Invalidation = { readonly id: string; readonly zoneId: string };

/** Writes outbox rows that are not there yet, leased to `holder` or (null) for the API's dispatcher. */
export async function writeInvalidations(
  db: Queryable,
  rows: readonly Invalidation[],
  holder: string | null,
): Promise<void> {
  await db.query(
    `INSERT INTO event_outbox (id, stream_name, payload_json, attempts, available_at, locked_until, locked_by)
     SELECT o.id, $3, jsonb_build_object('zone_id', o.zone_id, 'console_ref', o.id), CASE WHEN $4::text IS NULL THEN 0 ELSE 1 END, now(),
            CASE WHEN $4::text IS NULL THEN NULL ELSE now() + interval '30 seconds' END, $4
       FROM unnest($1::text[], $2::text[]) AS o (id, zone_id)
     ON CONFLICT (id) DO NOTHING`,
    [rows.map(({ id }) => id), rows.map(({ zoneId }) => zoneId), keyStream, holder],
  );
}

export type PublishedTogether = {
  readonly at: number; // epoch ms by Redis's clock, before the first entry
  readonly ids: ReadonlySet<string>; // outbox ids that went out
  readonly first: string;
  readonly last: string;
};

/**
 * Publishes rows in one MULTI, so that the consumer that waits longest is handed them together. By the outbox's lease protocol
 * (contract section 2): rows that somebody else holds or has dispatched stay out. Null: nothing went out.
 * @throws when Redis or Postgres does not answer; whoever finds the lease ended publishes what is left
 */
export async function publishTogether(
  caracal: Pick<Deployment, "db" | "redis" | "streamsKey">,
  ids: readonly string[],
  holder: string,
): Promise<PublishedTogether | null> {
  const key = caracal.streamsKey;
  if (key === null) return null;
  const rows = await claimOutboxRows(caracal.db, ids, holder);
  if (rows.length === 0) return null;
  const multi = caracal.redis.multi().time();
  for (const row of rows) {
    const fields = flattenPayload(row.payload);
    multi.xadd(
      row.stream,
      "MAXLEN",
      "~",
      publishBound,
      "*",
      ...Object.entries(fields).flat(),
      "_sig",
      streamSignature(key, row.stream, fields),
    );
  }
  const replies = await multi.exec();
  if (replies === null) throw new Error("Redis did not take the publications.");
  const failed = replies.find(([error]) => error !== null)?.[0];
  if (failed) throw failed;
  const entries = replies.slice(1).map(([, id]) => String(id));
  await markDispatched(
    caracal.db,
    rows.map(({ id }) => id),
    holder,
  );
  return {
    at: epochMs(replies[0]?.[1]),
    ids: new Set(rows.map(({ id }) => id)),
    first: entries[0] ?? "",
    last: entries.at(-1) ?? "",
  };
}

/** True when the API has dispatched the row. */
export const isDispatched = async (db: Queryable, id: string): Promise<boolean> =>
  (await undispatched(db, [id])).length === 0;
