import { revocationStream } from "@/server/caracal/streams/expected-streams";
import type { IngestAlert, OutboxFacts } from "@/server/detection/facts";
import type { Queryable } from "@/server/platform/postgres";

export type PostgresLook = {
  readonly outbox: OutboxFacts;
  readonly alert: IngestAlert | null;
  readonly exportedHour: number | null;
  readonly clockOffsetMs: number; // Caracal's Postgres ahead of this console
};

const cap = 10_000;

/** Bounded counts from Caracal's Postgres (contract section 2): every count stops at 10,000, every row is found by an index. */
export async function lookAtPostgres(db: Queryable, clock: () => number): Promise<PostgresLook> {
  const sent = clock();
  const [time] = await db.query<{ now: Date }>("SELECT clock_timestamp() AS now");
  const answered = clock();
  const waiting = await db.query<{
    stream_name: string;
    count: string;
    oldest: Date;
    failing: number;
    attempts: number;
  }>(
    `SELECT stream_name, count(*) AS count, min(created_at) AS oldest,
            count(*) FILTER (WHERE attempts > 0 AND last_error IS NOT NULL)::int AS failing,
            coalesce(max(attempts) FILTER (WHERE last_error IS NOT NULL), 0) AS attempts
       FROM (SELECT stream_name, created_at, attempts, last_error FROM event_outbox
              WHERE dispatched_at IS NULL AND available_at < 'infinity' ORDER BY available_at LIMIT ${cap + 1}) due
      GROUP BY stream_name`,
  );
  const [parked] = await db.query<{ count: string }>(
    `SELECT count(*) AS count
       FROM (SELECT 1 FROM event_outbox WHERE dispatched_at IS NULL AND available_at = 'infinity' LIMIT ${cap + 1}) rows`,
  );
  const [alert] = await db.query<{ id: string; kind: string; event_id: string; zone_id: string; observed_at: Date }>(
    "SELECT id, kind, event_id, zone_id, observed_at FROM audit_ingest_alerts ORDER BY id DESC LIMIT 1",
  );
  const [exported] = await db.query<{ hour: Date }>(
    "SELECT last_exported_hour::timestamptz AS hour FROM audit_export_watermark WHERE name = 'parquet-hourly'",
  );
  const total = waiting.reduce((sum, row) => sum + Number(row.count), 0);
  const revocations = waiting.find((row) => row.stream_name === revocationStream);
  return {
    outbox: {
      waiting: total,
      capped: total > cap,
      parked: Number(parked?.count ?? 0),
      revocationsWaiting: Number(revocations?.count ?? 0),
      oldestRevocationAt: revocations === undefined ? null : revocations.oldest.getTime(),
      streams: waiting.map((row) => ({
        stream: row.stream_name,
        waiting: Number(row.count),
        oldestAt: row.oldest.getTime(),
      })),
      failing: waiting.reduce((sum, row) => sum + row.failing, 0),
      mostAttempts: Math.max(0, ...waiting.map((row) => row.attempts)),
    },
    alert:
      alert === undefined
        ? null
        : {
            id: Number(alert.id),
            kind: alert.kind,
            eventId: alert.event_id,
            zoneId: alert.zone_id,
            at: alert.observed_at.getTime(),
          },
    exportedHour: exported?.hour.getTime() ?? null,
    clockOffsetMs: time === undefined ? 0 : Math.round(time.now.getTime() - (sent + answered) / 2),
  };
}

/** The release as its tables tell it; null when they are not those of generation A. */
export async function readRelease(db: Queryable): Promise<string | null> {
  const [row] = await db.query<{ known: boolean }>(
    `SELECT to_regclass('event_outbox') IS NOT NULL AND to_regclass('audit_ingest_alerts') IS NOT NULL
        AND to_regclass('policy_set_bindings') IS NOT NULL AS known`,
  );
  return row?.known ? "v2026.05 (by its tables)" : null;
}
