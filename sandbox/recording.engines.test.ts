import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chainHmac, contentSha256, readEvent } from "@/sandbox/encoding/audit-event";
import { freshCaracalDatabase, freshRedis } from "@/sandbox/engines/test-databases";
import { loadRecordedIncident } from "@/sandbox/schema/load-recording";

const read = (path: string) =>
  JSON.parse(readFileSync(new URL(`./fixtures/recorded-incident/${path}`, import.meta.url), "utf8"));
let database: Awaited<ReturnType<typeof freshCaracalDatabase>>;
let engine: Awaited<ReturnType<typeof freshRedis>>;
let redis: Redis;
let owner: Client;

beforeAll(async () => {
  [database, engine] = await Promise.all([freshCaracalDatabase(), freshRedis()]);
  await loadRecordedIncident({ ownerUrl: database.ownerUrl, redisUrl: engine.url });
  redis = new Redis(engine.url);
  owner = new Client({ connectionString: database.ownerUrl });
  await owner.connect();
});
afterAll(async () => {
  redis.disconnect();
  await owner.end();
  await Promise.all([database.drop(), engine.drop()]);
});

describe("the recorded incident in real engines", () => {
  it("has every group where the recording had it, pending entries included", async () => {
    const groups = read("before/groups.json") as Record<string, Record<string, Record<string, unknown>>>;
    for (const [stream, byName] of Object.entries(groups)) {
      const found = (await redis.xinfo("GROUPS", stream)) as unknown[][];
      expect(found).toHaveLength(Object.keys(byName).length);
      for (const flat of found) {
        const group: Record<string, unknown> = {};
        for (let at = 0; at < flat.length; at += 2) group[String(flat[at])] = flat[at + 1];
        const wanted = byName[String(group.name)] ?? {};
        for (const key of Object.keys(group)) expect([stream, key, group[key]]).toEqual([stream, key, wanted[key]]);
        const entries = wanted.pending_entries as { id: string; consumer: string; deliveries: number }[];
        const pending = (await redis.xpending(stream, String(group.name), "-", "+", 10)) as unknown[][];
        expect(pending.map(([id, consumer, , deliveries]) => ({ id, consumer, deliveries }))).toEqual(entries);
      }
    }
  });

  it("has 647 rows whose hash and seal our encoder rebuilds from the stream copies", async () => {
    const key = Buffer.from((read("keys.json") as { AUDIT_HMAC_KEY: string }).AUDIT_HMAC_KEY, "hex");
    const copies = new Map<string, string[]>();
    for (const [, flat] of await redis.xrange("caracal.audit.events", "-", "+", "COUNT", 1_000)) {
      const at = flat.indexOf("data");
      const id = flat[flat.indexOf("id") + 1] ?? "";
      if (at >= 0) copies.set(id, [...(copies.get(id) ?? []), flat[at + 1] ?? ""]);
    }
    const { rows } = await owner.query("SELECT id, content_sha256, prev_content_sha256, chain_hmac FROM audit_events");
    expect(rows).toHaveLength(647);
    for (const row of rows) {
      const hashes = (copies.get(row.id) ?? []).map((data) => contentSha256(readEvent(data)));
      expect(hashes).toContain(row.content_sha256);
      expect(chainHmac(key, row.content_sha256, row.prev_content_sha256)).toBe(row.chain_hmac);
    }
  });
});
