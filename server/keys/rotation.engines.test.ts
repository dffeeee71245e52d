import { randomBytes, randomUUID } from "node:crypto";
import { createPrivateKey } from "node:crypto";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { openSeal, seal } from "@/server/caracal/keys/seal";
import { keyGroup, keyStream } from "@/server/caracal/keys/key-invalidation";
import { insertZoneKeys } from "@/server/caracal/keys/insert-zone-keys";
import { readZoneKeyRows } from "@/server/caracal/keys/zone-key-rows";
import { checkStreamSignature, streamSignature } from "@/server/caracal/stream-signature";
import type { KeyContext } from "@/server/keys/key-job-rows";
import { advanceOneKeyJob } from "@/server/keys/key-worker";
import { listKeyJobZones } from "@/server/keys/key-job-views";
import { rotateAction } from "@/server/keys/rotation/rotate.action";

let stage: KeyStage;
let zones: string[];
const readers: { stop(): Promise<void>; heard: Map<string, number> }[] = [];

/** An STS's reader of invalidations: acknowledges what it was handed, as the real ones do. `deaf` ones have a name and read nothing. */
async function reader(name: string, count = 64): Promise<{ heard: Map<string, number>; stop(): Promise<void> }> {
  const client = new Redis(stage.urls.redis, { maxRetriesPerRequest: null });
  client.on("error", () => undefined);
  const heard = new Map<string, number>();
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      const got = (await client
        .xreadgroup("GROUP", keyGroup, name, "COUNT", count, "BLOCK", 500, "STREAMS", keyStream, ">")
        .catch(() => null)) as [string, [string, string[]][]][] | null;
      for (const [id, flat] of got?.[0]?.[1] ?? []) {
        const fields = Object.fromEntries(
          flat.flatMap((text, at) => (at % 2 === 0 ? [[text, flat[at + 1] ?? ""]] : [])),
        );
        const key = stage.caracal.streamsKey ?? Buffer.alloc(0);
        if (checkStreamSignature(key, keyStream, fields) === "valid")
          heard.set(fields.zone_id ?? "", (heard.get(fields.zone_id ?? "") ?? 0) + 1);
        await client.xack(keyStream, keyGroup, id);
      }
    }
  })();
  const made = {
    heard,
    async stop() {
      stopped = true;
      await loop;
      client.disconnect();
    },
  };
  readers.push(made);
  return made;
}

async function giveKey(zoneId: string, kek = stage.files.current): Promise<string> {
  const kid = randomUUID();
  const sealed = seal(kek, Buffer.from("an older key"));
  await insertZoneKeys(stage.caracal.db, [{ kid, zoneId, nth: 1, sealed }], [], null);
  return kid;
}
/** STS replicas that the console knows by addresses at which nobody answers: delivery can be told, what they serve cannot. */
const withReplicas = (count: number): KeyContext => ({
  ...stage.ctx,
  caracal: {
    ...stage.caracal,
    replicas: Array.from({ length: count }, (_, at) => ({
      id: `sts-${at + 1}`,
      kind: "sts" as const,
      url: "http://127.0.0.1:9",
    })),
  },
});
/** What replicas serve is judged with real ones in keys-stand-in.engines.test.ts; here nobody has an address. */
const rotate = (mode: "routine" | "compromise", zoneIds: string[] | null = zones) =>
  stage.start(rotateAction({ db: stage.db, caracal: stage.caracal, keks: stage.ctx.keks }), { zoneIds, mode });
const outboxOf = async () =>
  (
    await stage.caracalOwner.query(
      "SELECT id, payload_json->>'zone_id' AS zone, dispatched_at FROM event_outbox WHERE stream_name = $1",
      [keyStream],
    )
  ).rows;
const zonesOf = async (jobId: string) =>
  (await listKeyJobZones({ ctx: { db: stage.db, actor: stage.actor }, input: { jobId, limit: 200 } })).rows;
/** Works until every zone was told to as many consumers as there are replicas. */
async function deliver(jobId: string, replicas: number, turns = 100) {
  const ctx = withReplicas(replicas);
  for (let turn = 0; turn < turns; turn += 1) {
    await advanceOneKeyJob(ctx);
    const seen = await zonesOf(jobId);
    if (seen.every(({ consumers }) => consumers.filter(({ deliveredAt }) => deliveredAt !== null).length === replicas))
      return seen;
  }
  return zonesOf(jobId);
}

beforeEach(async () => {
  stage = await openKeyStage();
  await stage.caracal.redis.xgroup("CREATE", keyStream, keyGroup, "$", "MKSTREAM");
  zones = [];
  for (let n = 0; n < 3; n += 1) zones.push(await stage.newZone(`Zone ${n}`));
});
afterEach(async () => {
  await Promise.all(readers.splice(0).map((one) => one.stop()));
  await stage.close();
});

describe("rotation", () => {
  test("routine adds one version, compromise two, sealed under the key of the newest rows; a zone without a key gets its first", async () => {
    const [one = "", two = "", three = ""] = zones;
    const older = await giveKey(one);
    await giveKey(two);
    await giveKey(two);
    const jobId = await rotate("compromise");
    await stage.work(jobId, 2);
    const rows = await readZoneKeyRows(stage.caracal.db, zones);
    expect([one, two, three].map((id) => rows.get(id)?.map(({ version }) => version))).toEqual([
      [3, 2, 1],
      [4, 3, 2, 1],
      [2, 1],
    ]);
    expect(rows.get(one)?.[2]?.kid).toBe(older);
    for (const id of zones)
      for (const row of (rows.get(id) ?? []).slice(0, 2)) {
        const pem = openSeal(stage.files.current, row.sealed)?.toString("utf8") ?? "";
        expect(pem).toMatch(/^-----BEGIN EC PRIVATE KEY-----/);
        expect(createPrivateKey(pem).asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
        expect(openSeal(stage.files.next, row.sealed)).toBeNull();
      }
    expect((await outboxOf()).map(({ zone }) => zone).sort()).toEqual([...zones].sort()); // one each, in the same transaction
  });

  test("every consumer is handed every zone's invalidation, and it is known who was", async () => {
    for (const zone of zones) await giveKey(zone);
    const [a, b, c] = await Promise.all([reader("sts-a-1-keys"), reader("sts-b-2-keys"), reader("sts-c-3-keys")]);
    const jobId = await rotate("routine");
    const seen = await deliver(jobId, 3);
    for (const zone of seen) {
      expect(zone.consumers.map(({ name }) => name)).toEqual(["sts-a-1-keys", "sts-b-2-keys", "sts-c-3-keys"]);
      expect(zone.consumers.every(({ deliveredAt }) => deliveredAt !== null)).toBe(true);
    }
    for (const one of [a, b, c]) expect([...one.heard.keys()].sort()).toEqual([...zones].sort()); // not only said: heard
    const rows = await outboxOf();
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    expect(rows.every(({ dispatched_at }) => dispatched_at !== null)).toBe(true);
  });

  test("what is recorded as delivered was heard, also by readers that take one at a time and while others publish", async () => {
    const many = [...zones];
    for (let n = 0; n < 57; n += 1) many.push(await stage.newZone(`More ${n}`));
    const all = { "sts-a-1-keys": await reader("sts-a-1-keys", 1), "sts-b-2-keys": await reader("sts-b-2-keys", 7) };
    const noise = new Redis(stage.urls.redis);
    // signed as ours: entries under another key would have the API publish instead
    const signature = streamSignature(stage.caracal.streamsKey ?? Buffer.alloc(0), keyStream, { zone_id: "elsewhere" });
    let publishing = true;
    const other = (async () => {
      while (publishing) {
        await noise.xadd(keyStream, "*", "zone_id", "elsewhere", "_sig", signature);
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
    })();
    const jobId = await rotate("routine", many);
    for (let turn = 0; turn < 4; turn += 1) await advanceOneKeyJob(withReplicas(2));
    publishing = false;
    await other;
    noise.disconnect();
    const seen = await deliver(jobId, 2, 600);
    for (const zone of seen)
      for (const { name, deliveredAt } of zone.consumers)
        if (deliveredAt !== null)
          expect(all[name as keyof typeof all].heard.get(zone.zone.id), `${name} ${zone.zone.name}`).toBeGreaterThan(0);
    expect(
      seen.filter(({ consumers }) => consumers.filter(({ deliveredAt }) => deliveredAt !== null).length === 2),
    ).toHaveLength(60);
  }, 60_000);

  test("a consumer that reads nothing keeps it unproved, and is named with the time its cached key can last", async () => {
    const [zone = ""] = zones;
    await giveKey(zone);
    await stage.caracal.redis.xgroup("CREATECONSUMER", keyStream, keyGroup, "sts-deaf-9-keys");
    await reader("sts-a-1-keys");
    const ctx = withReplicas(2);
    const jobId = await rotate("compromise", [zone]);
    for (let turn = 0; turn < 12; turn += 1) await advanceOneKeyJob(ctx);
    const [seen] = await zonesOf(jobId);
    expect(seen).toMatchObject({ state: "written", consumers: [expect.objectContaining({ name: "sts-a-1-keys" })] });
    expect(seen?.note).toMatch(
      /1 of 2 STS consumers were reached; sts-deaf-9-keys may sign with the replaced key until \d\d:\d\d:\d\d UTC/,
    );
    expect((await stage.job(jobId)).state).toBe("running");
  });

  test("a version that somebody else takes at the same moment is counted anew", async () => {
    const [zone = ""] = zones;
    await giveKey(zone);
    const jobs = Array.from({ length: 8 }, () => giveKey(zone));
    await Promise.all(jobs);
    const versions = (await readZoneKeyRows(stage.caracal.db, [zone])).get(zone)?.map(({ version }) => version);
    expect(versions).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  test("two KEKs in the data, a key that opens nothing, unknown and archived zones are refused before anything", async () => {
    const [one = "", two = ""] = zones;
    await giveKey(one);
    await giveKey(two, stage.files.next);
    await expect(rotate("routine")).rejects.toThrow(/under two KEKs/);
    await stage.caracalOwner.query("DELETE FROM secrets");
    await giveKey(one, randomBytes(32));
    await expect(rotate("routine")).rejects.toThrow(/No zone's newest signing key opens/);
    await expect(rotate("routine", ["nowhere"])).rejects.toThrow(/not there/);
    await stage.caracalOwner.query("UPDATE zones SET archived_at = now() WHERE id = $1", [two]);
    await expect(rotate("routine", [one, two])).rejects.toThrow(/not there, or is archived/);
    expect(await outboxOf()).toEqual([]);
  });

  test("stopped before any statement, it resumes: every version once, one outbox row per zone and round", async () => {
    for (const zone of zones) await giveKey(zone);
    await reader("sts-a-1-keys");
    const jobId = await rotate("compromise");
    let stops = 0;
    for (let at = 1; at < 40; at += 1) {
      let statements = 0;
      const dying =
        (query: KeyContext["db"]["query"]): KeyContext["db"]["query"] =>
        (sql, params) => {
          statements += 1;
          if (statements > at) throw new Error("killed");
          return query(sql, params);
        };
      const die = (db: KeyContext["db"]): KeyContext["db"] => ({
        ...db,
        query: dying(db.query),
        transaction: (work) => db.transaction((tx) => work({ query: dying(tx.query) })),
      });
      await stage.owner.query("UPDATE key_jobs SET heartbeat_at = 'epoch' WHERE id = $1", [jobId]);
      await stage.caracalOwner.query(
        "UPDATE event_outbox SET locked_until = now() - interval '1 second' WHERE dispatched_at IS NULL",
      );
      const ctx = {
        ...stage.ctx,
        holder: `killed-${at}`,
        db: die(stage.db),
        caracal: { ...stage.caracal, db: die(stage.caracal.db) },
      };
      try {
        await advanceOneKeyJob(ctx);
      } catch {
        stops += 1;
      }
    }
    expect(stops).toBeGreaterThan(5);
    const seen = await deliver(jobId, 1);
    expect(seen.every(({ versions }) => versions.join() === "2,3")).toBe(true);
    const rows = await readZoneKeyRows(stage.caracal.db, zones);
    for (const zone of zones) expect(rows.get(zone)?.map(({ version }) => version)).toEqual([3, 2, 1]);
    const outbox = await outboxOf();
    const published = new Map(seen.map(({ zone, publications }) => [zone.id, publications]));
    for (const zone of zones)
      expect(outbox.filter((row) => row.zone === zone).length).toBeLessThanOrEqual((published.get(zone) ?? 0) + 1);
  }, 60_000);
});
