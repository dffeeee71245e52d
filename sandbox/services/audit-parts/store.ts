import { DatabaseError, type Pool, type PoolClient } from "pg";
import { type ArrivedEvent, chainHmac, contentSha256 } from "@/sandbox/encoding/audit-event";
import { postgresTime } from "@/sandbox/encoding/go-time";

export type Outcome =
  | { readonly kind: "stored" | "duplicate" }
  | { readonly kind: "tampered" }
  | { readonly kind: "permanent"; readonly reason: string };

type Head = { seq: bigint; content: string | null };

const headSql = "SELECT chain_seq, content_sha256 FROM audit_events WHERE zone_id = $1 ORDER BY chain_seq DESC LIMIT 1";
const insertSql = `
  INSERT INTO audit_events (id, zone_id, event_type, request_id, decision, policy_set_id, policy_set_version_id,
    manifest_sha, evaluation_status, determining_policies_json, diagnostics_json, metadata_json, occurred_at,
    content_sha256, prev_content_sha256, chain_hmac, chain_seq, ingest_signature)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, $11::jsonb, $12::jsonb, $13, $14, $15, $16, $17, $18)
  ON CONFLICT (id, occurred_at) DO NOTHING`;
const storedSql = "SELECT content_sha256 FROM audit_events WHERE id = $1 AND occurred_at = $2";
const alertSql = `
  INSERT INTO audit_ingest_alerts (event_id, zone_id, kind, detail) VALUES ($1, $2, 'content_mismatch_on_replay', $3)`;

const orNull = (raw: string): string | null => (raw === "null" ? null : raw);
const isPermanent = (error: unknown): error is DatabaseError =>
  error instanceof DatabaseError && /^(22|23)/.test(error.code ?? "");

async function headOf(client: PoolClient, zoneId: string): Promise<Head> {
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [zoneId]);
  const { rows } = await client.query<{ chain_seq: string; content_sha256: string | null }>(headSql, [zoneId]);
  const [row] = rows;
  return row === undefined ? { seq: 0n, content: null } : { seq: BigInt(row.chain_seq), content: row.content_sha256 };
}

async function storeOne(
  client: PoolClient,
  key: Buffer,
  event: ArrivedEvent,
  signature: string,
  head: Head,
): Promise<Outcome> {
  const content = contentSha256(event);
  const occurredAt = postgresTime(event.occurredAt);
  const seq = head.seq + 1n;
  const inserted = await client.query(insertSql, [
    event.id,
    event.zone_id,
    event.event_type,
    event.request_id,
    event.decision,
    event.policy_set_id,
    event.policy_set_version_id,
    event.manifest_sha,
    event.evaluation_status,
    orNull(event.determining_policies_json),
    orNull(event.diagnostics_json),
    orNull(event.metadata_json),
    occurredAt,
    content,
    head.content,
    chainHmac(key, content, head.content),
    seq,
    signature,
  ]);
  if (inserted.rowCount === 1) {
    head.seq = seq;
    head.content = content;
    return { kind: "stored" };
  }
  const { rows } = await client.query<{ content_sha256: string }>(storedSql, [event.id, occurredAt]);
  const stored = rows[0]?.content_sha256 ?? "";
  if (stored === content) return { kind: "duplicate" };
  await client.query(alertSql, [event.id, event.zone_id, `stored=${stored} incoming=${content}`]);
  return { kind: "tampered" };
}

/**
 * Stores a batch in one transaction, each event at the end of its zone's chain. What Postgres refuses for good is reported
 * per event; a lost connection throws and leaves nothing stored.
 */
export async function storeBatch(
  pool: Pool,
  key: Buffer,
  events: readonly { readonly event: ArrivedEvent; readonly signature: string }[],
): Promise<Outcome[]> {
  const client = await pool.connect();
  const heads = new Map<string, Head>();
  const outcomes: Outcome[] = [];
  let broken = true;
  try {
    await client.query("BEGIN");
    for (const { event, signature } of events) {
      const head = heads.get(event.zone_id) ?? (await headOf(client, event.zone_id));
      heads.set(event.zone_id, head);
      await client.query("SAVEPOINT one");
      try {
        outcomes.push(await storeOne(client, key, event, signature, head));
        await client.query("RELEASE SAVEPOINT one");
      } catch (error) {
        if (!isPermanent(error)) throw error;
        await client.query("ROLLBACK TO SAVEPOINT one");
        outcomes.push({ kind: "permanent", reason: `ERROR: ${error.message} (SQLSTATE ${error.code})` });
      }
    }
    await client.query("COMMIT");
    broken = false;
    return outcomes;
  } finally {
    client.release(broken);
  }
}
