import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { Redis } from "ioredis";
import { Client } from "pg";
import { from as copyFrom } from "pg-copy-streams";

const recording = new URL("../fixtures/recorded-incident/", import.meta.url);
// Zones first: the others refer to them.
const tables = [
  "zones",
  "applications",
  "providers",
  "resources",
  "sessions",
  "secrets",
  "delegated_grants",
  "event_outbox",
  "audit_events",
  "audit_ingest_alerts",
  "admin_audit_events",
];

type RecordedGroup = {
  "last-delivered-id": string;
  "entries-read": number | null;
  pending_entries: { id: string; consumer: string; deliveries: number }[];
  consumer_list: { name: string; idle: number }[];
};
type RecordedEntry = { id: string; fields: Record<string, string> };

export type RecordingTarget = {
  readonly ownerUrl: string; // a database that already has the schema, and no rows
  readonly redisUrl: string; // an empty Redis
  readonly auditEvents?: "before" | "after"; // "after" the twelve changes of changes.json; streams are those of "before"
};

async function copyTable(client: Client, table: string, file: URL): Promise<void> {
  const text = await readFile(file, "utf8");
  const columns = text.slice(0, text.indexOf("\n")).trim();
  await pipeline(createReadStream(file), client.query(copyFrom(`COPY ${table} (${columns}) FROM STDIN CSV HEADER`)));
}

async function loadTables(target: RecordingTarget): Promise<void> {
  const client = new Client({ connectionString: target.ownerUrl });
  await client.connect();
  try {
    await client.query("SELECT ensure_audit_partition('2026-11-23T00:00:00Z')");
    for (const table of tables) {
      const state = table === "audit_events" ? (target.auditEvents ?? "before") : "before";
      await copyTable(client, table, new URL(`${state}/${table}.csv`, recording));
    }
    await client.query(
      "SELECT setval(pg_get_serial_sequence('audit_ingest_alerts', 'id'), (SELECT max(id) FROM audit_ingest_alerts))",
    );
    await client.query("ANALYZE");
  } finally {
    await client.end();
  }
}

async function loadGroup(redis: Redis, stream: string, name: string, group: RecordedGroup): Promise<void> {
  await redis.xgroup("CREATE", stream, name, "0", "MKSTREAM");
  for (const consumer of group.consumer_list) await redis.xgroup("CREATECONSUMER", stream, name, consumer.name);
  for (const entry of group.pending_entries) {
    const idle = group.consumer_list.find((consumer) => consumer.name === entry.consumer)?.idle ?? 0;
    const claim = [stream, name, entry.consumer, "0", entry.id, "IDLE", String(idle)];
    await redis.call("XCLAIM", ...claim, "RETRYCOUNT", String(entry.deliveries), "FORCE", "JUSTID");
  }
  if (group["entries-read"] === null) return;
  const position = [group["last-delivered-id"], "ENTRIESREAD", String(group["entries-read"])];
  await redis.call("XGROUP", "SETID", stream, name, ...position);
}

async function loadStreams(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl);
  try {
    const folder = new URL("before/", recording);
    for (const file of (await readdir(folder)).filter((name) => name.endsWith(".jsonl")).sort()) {
      const stream = file.slice(0, -".jsonl".length);
      const lines = (await readFile(new URL(file, folder), "utf8")).split("\n").filter((line) => line !== "");
      const pipe = redis.pipeline();
      for (const line of lines) {
        const entry = JSON.parse(line) as RecordedEntry;
        pipe.xadd(stream, entry.id, ...Object.entries(entry.fields).flat());
      }
      for (const [error] of (await pipe.exec()) ?? []) if (error !== null) throw error;
    }
    const groups = JSON.parse(await readFile(new URL("groups.json", folder), "utf8")) as Record<
      string,
      Record<string, RecordedGroup>
    >;
    for (const [stream, byName] of Object.entries(groups))
      for (const [name, group] of Object.entries(byName)) await loadGroup(redis, stream, name, group);
  } finally {
    redis.disconnect();
  }
}

/**
 * Puts the recorded incident into real engines: its tables by COPY, its stream entries under their own ids, its groups
 * with the same position, entries read, consumers and pending entries. Consumers' own idle times start from now; pending
 * entries keep the recorded one.
 */
export async function loadRecordedIncident(target: RecordingTarget): Promise<void> {
  await Promise.all([loadTables(target), loadStreams(target.redisUrl)]);
}
