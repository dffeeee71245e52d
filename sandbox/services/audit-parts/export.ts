import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Pool } from "pg";
import { type ExportedRow, exportKey, hourlyExport } from "@/sandbox/archive/hourly-export";

const hourMs = 3_600_000;
const watermarkSql = "SELECT last_exported_hour AS hour FROM audit_export_watermark WHERE name = 'parquet-hourly'";
const firstSql = "SELECT date_trunc('hour', min(ingested_at), 'UTC') AS hour FROM audit_events";
const rowsSql = `
  SELECT id, zone_id, event_type, request_id, decision, policy_set_id, policy_set_version_id, manifest_sha, evaluation_status,
    determining_policies_json::text AS determining_policies_json, diagnostics_json::text AS diagnostics_json,
    metadata_json::text AS metadata_json, to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS occurred_at,
    content_sha256, chain_hmac, chain_seq::float8 AS chain_seq, date_trunc('hour', ingested_at, 'UTC') AS hour
  FROM audit_events WHERE ingested_at >= $1 AND ingested_at < $2 ORDER BY ingested_at, zone_id, audit_events.chain_seq`;
const advanceSql = `
  INSERT INTO audit_export_watermark (name, last_exported_hour) VALUES ('parquet-hourly', $1)
  ON CONFLICT (name) DO UPDATE SET last_exported_hour = excluded.last_exported_hour, updated_at = now()`;

/** The hourly Parquet export (contract section 4) into a folder that stands for the bucket: each hour once, never overwritten. */
export class Export {
  readonly counters = { export_events_total: 0, export_errors_total: 0, export_duration_ms: 0 };

  constructor(
    private readonly pool: Pool,
    private readonly folder: string,
  ) {}

  /** Exports every hour that has passed since the last one, a day of them at a time. */
  async run(now = Date.now()): Promise<void> {
    const began = performance.now();
    const end = Math.floor(now / hourMs) * hourMs;
    for (let from = await this.next(); from !== null && from < end; ) {
      const to = Math.min(from + 24 * hourMs, end);
      await this.hours(new Date(from), new Date(to));
      await this.pool.query(advanceSql, [new Date(to - hourMs)]);
      from = to;
    }
    this.counters.export_duration_ms = Math.round(performance.now() - began);
  }

  private async next(): Promise<number | null> {
    const [exported] = (await this.pool.query<{ hour: Date }>(watermarkSql)).rows;
    if (exported !== undefined) return exported.hour.getTime() + hourMs;
    return (await this.pool.query<{ hour: Date | null }>(firstSql)).rows[0]?.hour?.getTime() ?? null;
  }

  private async hours(from: Date, to: Date): Promise<void> {
    const { rows } = await this.pool.query<ExportedRow & { hour: Date }>(rowsSql, [from, to]);
    const byHour = new Map<number, ExportedRow[]>();
    for (const row of rows) byHour.set(row.hour.getTime(), [...(byHour.get(row.hour.getTime()) ?? []), row]);
    for (const [hour, of] of byHour) {
      const path = join(this.folder, exportKey(new Date(hour)));
      if (existsSync(path)) continue;
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(`${path}.part`, hourlyExport(of));
      renameSync(`${path}.part`, path);
      this.counters.export_events_total += of.length;
    }
  }
}
