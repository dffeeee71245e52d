import { createPrivateKey, generateKeyPairSync, randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import { Redis } from "ioredis";
import pg from "pg";
import { keyStream } from "@/server/caracal/keys/key-invalidation";
import { openSeal, packed, seal, unpacked } from "@/server/caracal/keys/seal";
import { streamSignature } from "@/server/caracal/stream-signature";
import { advanceOneKeyJob } from "@/server/keys/key-worker";
import { loadKeyJob } from "@/server/keys/key-job-rows";
import { fillSeals, fillZones, keyReader, type KeysBench, openKeysBench } from "./keys-stage";
import { type BenchEntry, type BenchReport, median } from "./result";

const seals = 100_000;
const turns = 3;
const zones = 1_000;

const included = `re-encrypted: from the first slice of the job to its end, the second walk that proves it included; the peer opens, seals and
UPDATEs the same rows one transaction each in a loop, and proves nothing. Each moves ${seals} values forth and the other back, ${turns} turns.
rotated: two new keys in each of ${zones} zones, from the commit that orders it until each of two STS consumers was handed each zone's
invalidation; the peer makes and seals the same keys, writes keys and outbox rows in one statement each and adds the entries in one pipeline.
memory: peak resident size of a worker process of its own.`;

const entry = (
  figure: string,
  value: number,
  unit: string,
  against: string,
  ratio: number,
  goal: number,
  least = true,
): BenchEntry => ({
  bench: "keys",
  figure,
  value,
  unit,
  against,
  ratio,
  goal: `ratio ${least ? ">=" : "<="} ${goal}`,
  pass: least ? ratio >= goal : ratio <= goal,
});

const tables = [
  ["secrets", "ciphertext", "nonce"],
  ["providers", "secret_config_ct", "secret_config_nonce"],
  ["delegated_grants", "access_token_ct", null],
  ["delegated_grants", "refresh_token_ct", null],
] as const;

/** The loop that an engineer would write: page by page, one UPDATE a row, back from the next key to the one in use. Values a second. */
async function bareLoop({ stage }: KeysBench): Promise<number> {
  const client = new pg.Client({ connectionString: stage.urls.caracalOwner });
  await client.connect();
  const began = performance.now();
  let done = 0;
  for (const [table, column, nonceColumn] of tables)
    for (let after = ""; ; ) {
      const { rows } = await client.query(
        `SELECT id, ${column} AS value, ${nonceColumn ?? "NULL::bytea"} AS nonce FROM ${table} WHERE ${column} IS NOT NULL AND id > $1 ORDER BY id LIMIT 500`,
        [after],
      );
      for (const row of rows) {
        const plaintext = openSeal(
          stage.files.next,
          row.nonce === null ? unpacked(row.value) : { ciphertext: row.value, nonce: row.nonce },
        );
        if (plaintext === null) throw new Error("a value does not open");
        const sealed = seal(stage.files.current, plaintext);
        if (nonceColumn === null)
          await client.query(`UPDATE ${table} SET ${column} = $2 WHERE id = $1`, [row.id, packed(sealed)]);
        else
          await client.query(`UPDATE ${table} SET ${column} = $2, ${nonceColumn} = $3 WHERE id = $1`, [
            row.id,
            sealed.ciphertext,
            sealed.nonce,
          ]);
        done += 1;
      }
      if (rows.length < 500) break;
      after = rows.at(-1).id;
    }
  await client.end();
  return done / ((performance.now() - began) / 1_000);
}

async function job(bench: KeysBench, jobId: string): Promise<number> {
  const began = performance.now();
  while ((await loadKeyJob(bench.stage.db, jobId)).state !== "finished") await advanceOneKeyJob(bench.stage.ctx);
  return (performance.now() - began) / 1_000;
}

async function reEncrypting(bench: KeysBench): Promise<BenchEntry> {
  const [rates, ratios]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < turns; turn += 1) {
    const jobId = await bench.reEncrypt("forward");
    const rate = seals / (await job(bench, jobId));
    const bare = await bareLoop(bench);
    rates.push(rate);
    ratios.push(rate / bare);
    await bench.stage.caracalOwner.query("VACUUM secrets, providers, delegated_grants");
  }
  return entry(
    `${seals} seals re-encrypted and proved`,
    median(rates),
    "values/s",
    "one UPDATE a row in a loop",
    median(ratios),
    0.5,
  );
}

async function peakMemory(bench: KeysBench, direction: "forward" | "back"): Promise<number> {
  const child = bench.worker(await bench.reEncrypt(direction));
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await new Promise((resolve) => child.once("exit", resolve));
  const peak = Number(/peak (\d+)/.exec(output)?.[1]);
  if (!Number.isFinite(peak)) throw new Error(`the worker did not end well: ${output}`);
  return peak;
}

/** The same keys, rows and entries without record, proof or resumption. Seconds. */
async function bareRotation({ stage, redisUrl }: KeysBench, ids: readonly string[]): Promise<number> {
  const client = new pg.Client({ connectionString: stage.urls.caracalOwner });
  const redis = new Redis(redisUrl);
  await client.connect();
  await redis.ping();
  const began = performance.now();
  const keys = ids.flatMap((zoneId) =>
    [1, 2].map((nth) => {
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const sealed = seal(stage.files.current, Buffer.from(privateKey.export({ type: "sec1", format: "pem" })));
      const again = openSeal(stage.files.current, sealed);
      if (again === null || !createPrivateKey(again).equals(privateKey)) throw new Error("a key does not open");
      return { kid: randomUUID(), zoneId, nth, ...sealed };
    }),
  );
  await client.query("BEGIN");
  await client.query(
    `INSERT INTO secrets (id, zone_id, entity_id, name, type, ciphertext, nonce, version)
     SELECT k.kid, k.zone, k.zone, 'zone_signing_key', 'token', k.c, k.n, k.nth + (SELECT coalesce(max(version), 0) FROM secrets s WHERE s.zone_id = k.zone AND s.name = 'zone_signing_key')
       FROM unnest($1::text[], $2::text[], $3::int[], $4::bytea[], $5::bytea[]) AS k (kid, zone, nth, c, n)`,
    [
      keys.map(({ kid }) => kid),
      keys.map(({ zoneId }) => zoneId),
      keys.map(({ nth }) => nth),
      keys.map(({ ciphertext }) => ciphertext),
      keys.map(({ nonce }) => nonce),
    ],
  );
  const outbox = ids.map((zoneId) => ({ id: randomUUID(), zoneId }));
  await client.query(
    `INSERT INTO event_outbox (id, stream_name, payload_json) SELECT o.id, $3, jsonb_build_object('zone_id', o.zone) FROM unnest($1::text[], $2::text[]) AS o (id, zone)`,
    [outbox.map(({ id }) => id), outbox.map(({ zoneId }) => zoneId), keyStream],
  );
  await client.query("COMMIT");
  const pipeline = redis.pipeline();
  for (const { zoneId } of outbox) {
    const fields = { zone_id: zoneId };
    pipeline.xadd(
      keyStream,
      "*",
      "zone_id",
      zoneId,
      "_sig",
      streamSignature(stage.caracal.streamsKey ?? Buffer.alloc(0), keyStream, fields),
    );
  }
  await pipeline.exec();
  await client.query("UPDATE event_outbox SET dispatched_at = now() WHERE id = ANY ($1)", [outbox.map(({ id }) => id)]);
  const seconds = (performance.now() - began) / 1_000;
  redis.disconnect();
  await client.end();
  return seconds;
}

async function rotating(bench: KeysBench): Promise<{ judged: BenchEntry; notes: BenchReport["notes"] }> {
  const ids = await fillZones(bench.stage, zones);
  const readers = [keyReader(bench.redisUrl, "sts-a-1-keys"), keyReader(bench.redisUrl, "sts-b-2-keys")];
  const [times, group, ratios]: [number[], number[], number[]] = [[], [], []];
  try {
    await bareRotation(bench, ids); // warm: every zone has keys, both readers have a name in the group
    for (let turn = 0; turn < turns; turn += 1) {
      const bare = await bareRotation(bench, ids);
      for (const reader of readers) reader.heard.clear();
      const began = performance.now();
      const jobId = await bench.rotate();
      let first: number | null = null;
      for (;;) {
        await advanceOneKeyJob(bench.stage.ctx);
        if (first === null && ids.every((id) => readers.some(({ heard }) => heard.has(id)))) first = performance.now();
        const [row] = await bench.stage.db.query<{ told: number }>(
          "SELECT count(*)::int AS told FROM key_job_zones WHERE job_id = $1 AND (SELECT count(*) FROM json_object_keys(delivered)) = 2",
          [jobId],
        );
        if ((row?.told ?? 0) >= ids.length) break;
      }
      const seconds = (performance.now() - began) / 1_000;
      for (const { heard } of readers)
        for (const id of ids) if (!heard.has(id)) throw new Error("said to be told, and was not");
      times.push(seconds);
      group.push(((first ?? performance.now()) - began) / 1_000);
      ratios.push(bare / seconds);
      await bench.stage.owner.query("UPDATE key_jobs SET state = 'finished', finished_at = now() WHERE id = $1", [
        jobId,
      ]);
    }
  } finally {
    await Promise.all(readers.map((reader) => reader.stop()));
  }
  return {
    judged: entry(
      `${zones} zones rotated, both STS told of each`,
      median(times),
      "s",
      "the same writes in bare SQL, one pipelined XADD",
      median(ratios),
      0.3,
    ),
    notes: [{ figure: "of that until one STS was told of each", value: median(group), unit: "s" }],
  };
}

/** Re-encryption and rotation against the same work done bare. */
export async function bench(): Promise<BenchReport> {
  const stand = await openKeysBench();
  try {
    const zone = await stand.stage.newZone("Bench");
    await fillSeals(stand.stage, zone, seals / 10);
    const small = [await peakMemory(stand, "forward"), await peakMemory(stand, "back")];
    await fillSeals(stand.stage, zone, seals - seals / 10);
    const large = [await peakMemory(stand, "forward"), await peakMemory(stand, "back")];
    const reEncrypted = await reEncrypting(stand);
    const { judged, notes } = await rotating(stand);
    console.log(included);
    return {
      name: "keys",
      entries: [
        reEncrypted,
        judged,
        entry(
          `peak memory of a worker at ${seals} seals`,
          Math.max(...large) / 1_024,
          "MiB",
          `at ${seals / 10}`,
          Math.max(...large) / Math.max(...small),
          1.3,
          false,
        ),
      ],
      notes,
    };
  } finally {
    await stand.close();
  }
}
