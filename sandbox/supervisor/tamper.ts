import { Redis } from "ioredis";
import { Client } from "pg";
import { chainHmac, contentSha256, readEvent } from "@/sandbox/encoding/audit-event";
import { uuidV7 } from "@/sandbox/encoding/uuid-v7";
import type { Deployment } from "@/sandbox/supervisor/deployment";

type Row = {
  readonly id: string;
  readonly seq: number;
  readonly content: string;
  readonly prev: string | null;
  readonly whole: unknown;
};
/** What takes one tampering back. `cut`: rows that came after stand where these stood, and move behind them. */
type Undo =
  | { readonly kept: readonly Row[]; readonly ids: readonly string[]; readonly cut: boolean }
  | { readonly partitions: readonly Partition[] };
type Partition = { readonly partition: string; readonly bound: string };
type Hand = { readonly client: Client; readonly zone: string; readonly key: Buffer; readonly rows: readonly Row[] };
type Way = { readonly summary: string; act(hand: Hand, deployment: Deployment): Promise<Undo> };

const rowSql = `SELECT id, chain_seq::float8 AS seq, content_sha256 AS content, prev_content_sha256 AS prev, to_jsonb(audit_events) AS whole
  FROM audit_events WHERE zone_id = $1`;
const inHand = 12; // newest rows of the zone: the stream still holds their signed copies
const undone = new WeakMap<Deployment, Undo[]>();

const at = (rows: readonly Row[], fromEnd: number): Row => {
  const row = rows.at(-fromEnd);
  if (row === undefined) throw new Error("The zone has too few audit events for this.");
  return row;
};
const only = (...kept: readonly Row[]): Undo => ({ kept, ids: kept.map(({ id }) => id), cut: false });

/** The bytes that were signed for a row, as the stream still holds them. @throws when it does not */
async function signedData(deployment: Deployment, id: string): Promise<string> {
  const redis = new Redis(deployment.redis.url);
  try {
    for (let last = "+", pages = 0; pages < 20; pages += 1) {
      const page = await redis.xrevrange("caracal.audit.events", last, "-", "COUNT", 500);
      for (const [, fields] of page) if (fields.includes(id)) return fields[fields.indexOf("data") + 1] ?? "";
      const oldest = page.at(-1)?.[0];
      if (oldest === undefined || page.length < 500) break;
      last = `(${oldest}`;
    }
  } finally {
    redis.disconnect();
  }
  throw new Error("The stream does not hold this event any more.");
}

const turned = (data: string) =>
  data.replace(
    /"decision":"(\w+)"/,
    (_, decision: string) => `"decision":"${decision === "allow" ? "deny" : "allow"}"`,
  );

/** The nth newest row of those that are exported. @throws when there is none yet */
async function exportedRow(client: Client, zone: string, nth: number): Promise<Row> {
  const { rows } = await client.query<Row>(
    `${rowSql} AND ingested_at < (SELECT last_exported_hour + interval '1 hour' FROM audit_export_watermark WHERE name = 'parquet-hourly')
      ORDER BY audit_events.chain_seq DESC OFFSET $2 LIMIT 1`,
    [zone, nth],
  );
  return at(rows, 1);
}

const ways: Readonly<Record<string, Way>> = {
  "tamper-edit": {
    summary:
      "Replaces the metadata of an audit event of the first zone. Taken back by undo-tampering, as all of these.",
    async act({ client, rows }) {
      const row = at(rows, 6);
      await client.query(
        `UPDATE audit_events SET metadata_json = '{"resource": "resource://elsewhere"}' WHERE id = $1`,
        [row.id],
      );
      return only(row);
    },
  },
  "tamper-delete": {
    summary: "Deletes an audit event of the first zone.",
    async act({ client, rows }) {
      const row = at(rows, 5);
      await client.query("DELETE FROM audit_events WHERE id = $1", [row.id]);
      return only(row);
    },
  },
  "tamper-swap": {
    summary: "Exchanges the places of two neighbours in the first zone's audit chain.",
    async act({ client, rows }) {
      const [first, second] = [at(rows, 6), at(rows, 5)];
      await client.query("UPDATE audit_events SET chain_seq = $1 - chain_seq WHERE id = ANY ($2)", [
        first.seq + second.seq,
        [first.id, second.id],
      ]);
      return only(first, second);
    },
  },
  "tamper-cut-tail": {
    summary: "Deletes the newest three audit events of the first zone: the chain that is left has no gap.",
    async act({ client, rows }) {
      const kept = rows.slice(-3);
      await client.query("DELETE FROM audit_events WHERE id = ANY ($1)", [kept.map(({ id }) => id)]);
      return { ...only(...kept), cut: true };
    },
  },
  "tamper-reseal": {
    summary: "Turns the decision of an audit event of the first zone and seals it again with AUDIT_HMAC_KEY.",
    async act({ client, rows, key }, deployment) {
      const [row, next] = [at(rows, 6), at(rows, 5)];
      const content = contentSha256(readEvent(turned(await signedData(deployment, row.id))));
      await client.query(
        "UPDATE audit_events SET decision = CASE decision WHEN 'allow' THEN 'deny' ELSE 'allow' END, content_sha256 = $2, chain_hmac = $3 WHERE id = $1",
        [row.id, content, chainHmac(key, content, row.prev)],
      );
      await client.query("UPDATE audit_events SET prev_content_sha256 = $2, chain_hmac = $3 WHERE id = $1", [
        next.id,
        content,
        chainHmac(key, next.content, content),
      ]);
      return only(row, next);
    },
  },
  "tamper-fork": {
    summary: "Puts a sealed audit event beside another of the first zone, with the same place in the chain.",
    async act({ client, rows, key }, deployment) {
      const row = at(rows, 6);
      const id = uuidV7(Date.now());
      const content = contentSha256(readEvent((await signedData(deployment, row.id)).replace(row.id, id)));
      await client.query(
        "INSERT INTO audit_events SELECT (jsonb_populate_record(NULL::audit_events, $1::jsonb || $2::jsonb)).*",
        [
          JSON.stringify(row.whole),
          JSON.stringify({ id, content_sha256: content, chain_hmac: chainHmac(key, content, row.prev) }),
        ],
      );
      return { kept: [], ids: [id], cut: false };
    },
  },
  "tamper-exported-edit": {
    summary: "Turns the decision of an audit event of the first zone that is in the archive already.",
    async act({ client, zone }) {
      const row = await exportedRow(client, zone, 2);
      await client.query(
        "UPDATE audit_events SET decision = CASE decision WHEN 'allow' THEN 'deny' ELSE 'allow' END WHERE id = $1",
        [row.id],
      );
      return only(row);
    },
  },
  "tamper-exported-delete": {
    summary: "Deletes an audit event of the first zone that is in the archive already.",
    async act({ client, zone }) {
      const row = await exportedRow(client, zone, 4);
      await client.query("DELETE FROM audit_events WHERE id = $1", [row.id]);
      return only(row);
    },
  },
  "audit-retention": {
    summary:
      "Takes away the oldest partitions of audit events up to one that holds any, as retention does: no tampering.",
    async act({ client }) {
      const { rows } = await client.query<Partition>(
        `SELECT c.oid::regclass::text AS partition, pg_get_expr(c.relpartbound, c.oid) AS bound FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
          WHERE i.inhparent = 'audit_events'::regclass AND pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT' ORDER BY c.relname`,
      );
      for (const [at, { partition }] of rows.slice(0, -1).entries()) {
        const held = await client.query(`SELECT FROM ${partition} LIMIT 1`);
        await client.query(`ALTER TABLE audit_events DETACH PARTITION ${partition}`);
        if (held.rows.length > 0) return { partitions: rows.slice(0, at + 1) };
      }
      throw new Error("No partition is old enough for retention.");
    },
  },
};

/** Rows that were linked behind a cut tail: moved behind what is put back, with links and seals that fit. */
async function moveBehind({ client, zone, key }: Omit<Hand, "rows">, kept: readonly Row[]): Promise<void> {
  const [first, last] = [kept[0], kept.at(-1)];
  if (first === undefined || last === undefined) return;
  const { rows } = await client.query<{ id: string; content: string }>(
    "SELECT id, content_sha256 AS content FROM audit_events WHERE zone_id = $1 AND chain_seq >= $2 ORDER BY chain_seq LIMIT 1",
    [zone, first.seq],
  );
  await client.query("UPDATE audit_events SET chain_seq = chain_seq + $3 WHERE zone_id = $1 AND chain_seq >= $2", [
    zone,
    first.seq,
    kept.length,
  ]);
  for (const next of rows)
    await client.query("UPDATE audit_events SET prev_content_sha256 = $2, chain_hmac = $3 WHERE id = $1", [
      next.id,
      last.content,
      chainHmac(key, next.content, last.content),
    ]);
}

async function takeBack(hand: Omit<Hand, "rows">, undo: Undo): Promise<void> {
  const { client } = hand;
  if ("partitions" in undo) {
    for (const { partition, bound } of undo.partitions)
      await client.query(`ALTER TABLE audit_events ATTACH PARTITION ${partition} ${bound}`);
    return;
  }
  await client.query("DELETE FROM audit_events WHERE id = ANY ($1)", [undo.ids]);
  if (undo.cut) await moveBehind(hand, undo.kept);
  await client.query("INSERT INTO audit_events SELECT (jsonb_populate_recordset(NULL::audit_events, $1::jsonb)).*", [
    JSON.stringify(undo.kept.map(({ whole }) => whole)),
  ]);
}

/** In one transaction as the owner of Caracal's tables, while ingestion waits for the zone. */
async function asOwner<T>(deployment: Deployment, work: (hand: Omit<Hand, "rows">) => Promise<T>): Promise<T> {
  const zone = deployment.seeded.zones[0]?.id ?? "";
  const client = new Client({ connectionString: deployment.caracal.ownerUrl });
  await client.connect();
  try {
    await client.query("BEGIN");
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [zone]);
    const result = await work({ client, zone, key: Buffer.from(deployment.secrets.auditHmacKey, "hex") });
    await client.query("COMMIT");
    return result;
  } finally {
    await client.end();
  }
}

const run = (way: Way) => async (deployment: Deployment) => {
  const undo = await asOwner(deployment, async (hand) => {
    const { rows } = await hand.client.query<Row>(`${rowSql} ORDER BY chain_seq DESC LIMIT $2`, [hand.zone, inHand]);
    return way.act({ ...hand, rows: rows.reverse() }, deployment);
  });
  undone.set(deployment, [...(undone.get(deployment) ?? []), undo]);
};

/** Takes back what was tampered with, the last first. */
export async function undoTampering(deployment: Deployment): Promise<void> {
  const list = undone.get(deployment) ?? [];
  for (let undo = list.at(-1); undo !== undefined; undo = list.at(-1)) {
    await asOwner(deployment, (hand) => takeBack(hand, undo as Undo));
    list.pop();
  }
}

/** Switches that do to Caracal's audit chain what somebody with its database would, each taken back by `undoTampering`. */
export const tamperings: Readonly<
  Record<string, { readonly summary: string; run(deployment: Deployment): Promise<void> }>
> = Object.fromEntries(Object.entries(ways).map(([name, way]) => [name, { summary: way.summary, run: run(way) }]));
