import { randomUUID } from "node:crypto";
import type { Queryable } from "@/server/platform/postgres";
import type { Span } from "@/server/services/outages/note-looks";

const gapSeconds = 10; // between two looks; longer and nobody was looking

type Given = {
  readonly spans: readonly Span[]; // since what was written last
  readonly kindOf: (replica: string) => string;
  readonly now: number; // our clock; ages are what is sent, so that times are the database's
};

/**
 * Writes what was seen since the last time, by the database's clock: outages that begin, go on or end, and a gap when nobody had looked
 * for more than ten seconds. In the caller's transaction.
 */
export async function writeSpans(tx: Queryable, { spans, kindOf, now }: Given): Promise<void> {
  if (spans.length === 0) return;
  const age = (at: number) => Math.max(0, now - at) / 1_000;
  const first = age(Math.min(...spans.map(({ from }) => from)));
  const [watch] = await tx.query<{ until: string | null; gap: boolean }>(
    `SELECT max(watched_until)::text AS until, coalesce(max(watched_until) < now() - make_interval(secs => $1::float8 + ${gapSeconds}), false) AS gap
       FROM outage_watch`,
    [first],
  );
  if (watch?.gap === true)
    await tx.query(
      "INSERT INTO watch_gaps (from_at, to_at) VALUES ($1, now() - make_interval(secs => $2)) ON CONFLICT DO NOTHING",
      [watch.until, first],
    );
  const readyUntil = new Map<string, number>();
  for (const span of spans) {
    if (span.ready) {
      await tx.query(
        `UPDATE replica_outages SET up_since = greatest(down_until, now() - make_interval(secs => $2))
          WHERE replica = $1 AND up_since IS NULL`,
        [span.replica, age(span.from)],
      );
      readyUntil.set(span.replica, span.last);
      continue;
    }
    const ready = readyUntil.get(span.replica);
    // Without a ready look of our own since, it was ready when somebody last looked, if anybody did: no outage was open then.
    await tx.query(
      `INSERT INTO replica_outages AS o (id, replica, kind, ready_until, down_since, down_until, reason, last_reason)
       VALUES ($1, $2, $3, least(CASE WHEN $4::float8 IS NULL THEN $5::timestamptz ELSE now() - make_interval(secs => $4) END,
                                 now() - make_interval(secs => $6)),
               now() - make_interval(secs => $6), now() - make_interval(secs => $7), $8, $9)
       ON CONFLICT (replica) WHERE up_since IS NULL
       DO UPDATE SET down_until = greatest(o.down_until, excluded.down_until), last_reason = excluded.last_reason`,
      [
        randomUUID(),
        span.replica,
        kindOf(span.replica),
        ready === undefined ? null : age(ready),
        watch?.until ?? null,
        age(span.from),
        age(span.last),
        span.reason.slice(0, 300),
        span.lastReason.slice(0, 300),
      ],
    );
  }
  await tx.query(
    `INSERT INTO outage_watch (watched_until) VALUES (now() - make_interval(secs => $1))
     ON CONFLICT (only_one) DO UPDATE SET watched_until = greatest(outage_watch.watched_until, excluded.watched_until)`,
    [age(Math.max(...spans.map(({ last }) => last)))],
  );
}
