import pg from "pg";
import { readStreamCopy } from "@/server/audit/verify/stream-copy";
import { openRedis } from "@/server/caracal/redis";
import { exactInstant } from "@/server/platform/exact-time";
import { auditStream } from "@/server/caracal/streams/expected-streams";

/**
 * A reader of the audit stream as quick as can be, for measuring what feeds it: rows with the right content hash and nothing else, no
 * chains and no signatures looked at. A process of its own: CARACAL_OWNER_URL, REDIS_URL.
 */
const pool = new pg.Pool({ connectionString: process.env.CARACAL_OWNER_URL, max: 2 });
const redis = openRedis(process.env.REDIS_URL ?? "");
while (redis.status !== "ready") await new Promise((resolve) => setTimeout(resolve, 5));
const group = "audit-ingestor";
await redis.xgroup("CREATE", auditStream, group, "0", "MKSTREAM").catch(() => undefined);
process.stdout.write("ready\n");
for (;;) {
  const reply = (await redis.xreadgroup("GROUP", group, "fast", "COUNT", 2_000, "STREAMS", auditStream, ">")) as
    | [string, [string, string[]][]][]
    | null;
  const entries = reply?.[0]?.[1] ?? [];
  if (entries.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    continue;
  }
  const copies = entries.flatMap(([, flat]) => {
    const copy = readStreamCopy(flat[flat.indexOf("data") + 1] ?? "", "");
    return copy === null ? [] : [copy];
  });
  await pool.query(
    `INSERT INTO audit_events (id, zone_id, event_type, request_id, decision, evaluation_status, occurred_at, content_sha256)
     SELECT id, zone, 'token_exchange', 'r', 'allow', 'complete', at, content
       FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[]) AS e (id, zone, at, content) ON CONFLICT DO NOTHING`,
    [
      copies.map(({ columns }) => columns.id),
      copies.map(({ columns }) => columns.zone_id),
      copies.map(({ columns }) => exactInstant(columns.occurred_at)), // cut off, not rounded, as the release does
      copies.map(({ content }) => content),
    ],
  );
  await redis.xack(auditStream, group, ...entries.map(([id]) => id));
}
