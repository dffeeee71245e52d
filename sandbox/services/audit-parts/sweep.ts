import type { Pool } from "pg";
import { chainHmac, contentSha256 } from "@/sandbox/encoding/audit-event";
import { parseRfc3339 } from "@/sandbox/encoding/go-time";

type Row = {
  id: string;
  zone_id: string;
  event_type: string;
  request_id: string;
  decision: string;
  policy_set_id: string | null;
  policy_set_version_id: string | null;
  manifest_sha: string | null;
  evaluation_status: string;
  determining: string | null;
  diagnostics: string | null;
  metadata: string | null;
  occurred: string;
  content_sha256: string;
  prev_content_sha256: string | null;
  chain_hmac: string;
  chain_seq: string;
};

const pageSize = 2_000;
const pageSql = `
  SELECT id, zone_id, event_type, request_id, decision, policy_set_id, policy_set_version_id, manifest_sha,
    evaluation_status, determining_policies_json::text AS determining, diagnostics_json::text AS diagnostics,
    metadata_json::text AS metadata, to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS occurred,
    content_sha256, prev_content_sha256, chain_hmac, chain_seq
  FROM audit_events WHERE zone_id = $1 AND chain_seq > $2 ORDER BY chain_seq LIMIT ${pageSize}`;

/** The hash as the release's sweep takes it: from stored microseconds and normalised jsonb, so almost never the first one (trap 8). */
const sweptHash = (row: Row): string =>
  contentSha256({
    id: row.id,
    zone_id: row.zone_id,
    event_type: row.event_type,
    request_id: row.request_id,
    decision: row.decision,
    policy_set_id: row.policy_set_id ?? "",
    policy_set_version_id: row.policy_set_version_id ?? "",
    manifest_sha: row.manifest_sha ?? "",
    evaluation_status: row.evaluation_status,
    determining_policies_json: row.determining ?? "null",
    diagnostics_json: row.diagnostics ?? "null",
    metadata_json: row.metadata ?? "null",
    occurredAt: parseRfc3339(row.occurred) ?? 0n,
  });

/** The release's own tamper sweep, with its own mistakes: counters only, no verdicts. */
export class Sweep {
  readonly counters = {
    tamper_checked_total: 0,
    tamper_mismatch_total: 0,
    tamper_chain_breaks: 0,
    tamper_hmac_failures: 0,
    tamper_last_sweep_unix: 0,
    tamper_last_full_unix: 0,
  };
  private readonly reached = new Map<string, { seq: string; content: string }>();

  constructor(
    private readonly pool: Pool,
    private readonly key: Buffer,
  ) {}

  /** Checks every zone: from its first row when `full`, else from where the last sweep ended. */
  async run(full: boolean): Promise<void> {
    const zones = await this.pool.query<{ zone_id: string }>("SELECT id AS zone_id FROM zones");
    if (full) this.reached.clear();
    for (const { zone_id } of zones.rows) await this.zone(zone_id);
    const now = Math.floor(Date.now() / 1_000);
    this.counters.tamper_last_sweep_unix = now;
    if (full) this.counters.tamper_last_full_unix = now;
  }

  private async zone(zoneId: string): Promise<void> {
    for (;;) {
      const { rows } = await this.pool.query<Row>(pageSql, [zoneId, this.reached.get(zoneId)?.seq ?? "0"]);
      for (const row of rows) this.check(row);
      if (rows.length < pageSize) return;
    }
  }

  private check(row: Row): void {
    const before = this.reached.get(row.zone_id);
    const counters = this.counters;
    counters.tamper_checked_total += 1;
    if (sweptHash(row) !== row.content_sha256) counters.tamper_mismatch_total += 1;
    if (chainHmac(this.key, row.content_sha256, row.prev_content_sha256) !== row.chain_hmac)
      counters.tamper_hmac_failures += 1;
    if (
      before !== undefined &&
      (BigInt(row.chain_seq) !== BigInt(before.seq) + 1n || row.prev_content_sha256 !== before.content)
    )
      counters.tamper_chain_breaks += 1;
    this.reached.set(row.zone_id, { seq: row.chain_seq, content: row.content_sha256 });
  }
}
