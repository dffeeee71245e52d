import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Redis } from "ioredis";
import { createCaracalDatabase, createConsoleDatabase } from "@/sandbox/engines/databases";
import { startPostgres } from "@/sandbox/engines/postgres";
import { startRedis } from "@/sandbox/engines/redis";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { keyGroup, keyStream } from "@/server/caracal/keys/key-invalidation";
import { packed, seal } from "@/server/caracal/keys/seal";
import type { WorkerOrder } from "@/sandbox/playbook-stage/killed-worker";
import { reEncryptAction } from "@/server/keys/re-encrypt/re-encrypt.action";
import { rotateAction } from "@/server/keys/rotation/rotate.action";
import { revokeFleetAction } from "@/server/playbooks/revoke-fleet.action";

const checkout = fileURLToPath(new URL("../", import.meta.url));

/** Engines of the bench's own with a key stage on them, and key workers as processes. */
export async function openKeysBench() {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  const [own, theirs] = await Promise.all([createConsoleDatabase(postgres.url), createCaracalDatabase(postgres.url)]);
  const stage = await openKeyStage({
    engines: { own, theirs, redis: { url: redis.url, drop: async () => undefined } },
  });
  const folder = mkdtempSync(join(checkout, ".cache", "key-worker-"));
  await build({
    entryPoints: {
      "key-worker": join(checkout, "sandbox/key-stage/worker-process.ts"),
      "round-worker": join(checkout, "sandbox/playbook-stage/killed-worker.ts"),
    },
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    packages: "external",
    logLevel: "warning",
    absWorkingDir: checkout,
  });
  await stage.caracal.redis.xgroup("CREATE", keyStream, keyGroup, "$", "MKSTREAM");

  const worker = (jobId: string, more: Record<string, string> = {}): ChildProcess =>
    spawn(process.execPath, [join(folder, "key-worker.mjs")], {
      cwd: checkout,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        NODE_ENV: "production",
        KEY_JOB: jobId,
        CONSOLE_URL: own.url,
        CARACAL_URL: theirs.url,
        REDIS_URL: redis.url,
        STREAMS_KEY: stage.caracal.streamsKey?.toString("hex"),
        KEK_FILE: stage.files.paths.current,
        KEK_NEXT_FILE: stage.files.paths.next,
        ...more,
      },
    });
  /** A process that carries out one recorded round of a revocation. */
  const roundWorker = (runId: string, round: number): ChildProcess => {
    const order: WorkerOrder = {
      console: own.url,
      caracal: theirs.url,
      redis: redis.url,
      streamsKey: stage.caracal.streamsKey?.toString("hex") ?? "",
      leaseSeconds: 1,
      round: { runId, round },
      dieBefore: null,
      dieAfterPublishing: false,
    };
    return spawn(process.execPath, [join(folder, "round-worker.mjs"), JSON.stringify(order)], {
      cwd: checkout,
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH, NODE_ENV: "production" },
    });
  };
  return {
    stage,
    redisUrl: redis.url,
    worker,
    roundWorker,
    /** Every live session of every zone, as two people agreed. Gives the approval whose runs it started. */
    revokeEverything: async (): Promise<string> =>
      (
        await stage.start(
          revokeFleetAction({
            db: stage.db,
            caracal: stage.caracal,
            jobs: { enqueueRound: async () => undefined }, // the rounds are worked on by hand
          }),
          { zoneIds: null },
        )
      ).replace("runs:", ""),
    reEncrypt: async (direction: "forward" | "back"): Promise<string> => {
      await stage.inventory();
      const action = reEncryptAction({ db: stage.db, caracal: stage.caracal, keks: stage.ctx.keks });
      return stage.start({ ...action, recheck: async () => null }, { direction }); // no STS stands here
    },
    rotate: (): Promise<string> =>
      stage.start(rotateAction({ db: stage.db, caracal: stage.caracal, keks: stage.ctx.keks }), {
        zoneIds: null,
        mode: "compromise",
      }),
    async close() {
      await stage.close();
      await Promise.all([postgres.dispose(), redis.dispose()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
export type KeysBench = Awaited<ReturnType<typeof openKeysBench>>;

/** `count` sealed values in all four columns, in equal parts, under the key in use. */
export async function fillSeals(stage: KeyStage, zoneId: string, count: number): Promise<void> {
  const per = count / 4;
  for (let from = 0; from < per; from += 1_000) {
    const n = Math.min(1_000, per - from);
    const sealed = () =>
      Array.from({ length: n }, (_, at) =>
        seal(stage.files.current, Buffer.from(`value ${from + at} of ordinary length`)),
      );
    const ids = () => Array.from({ length: n }, () => randomUUID());
    const [secrets, configs] = [sealed(), sealed()];
    await stage.caracalOwner.query(
      `INSERT INTO secrets (id, zone_id, entity_id, name, type, ciphertext, nonce)
       SELECT id, $2, id, 'a', 'password', c, n FROM unnest($1::text[], $3::bytea[], $4::bytea[]) AS s (id, c, n)`,
      [ids(), zoneId, secrets.map(({ ciphertext }) => ciphertext), secrets.map(({ nonce }) => nonce)],
    );
    await stage.caracalOwner.query(
      `INSERT INTO providers (id, zone_id, name, identifier, secret_config_ct, secret_config_nonce)
       SELECT id, $2, 'p', id, c, n FROM unnest($1::text[], $3::bytea[], $4::bytea[]) AS s (id, c, n)`,
      [ids(), zoneId, configs.map(({ ciphertext }) => ciphertext), configs.map(({ nonce }) => nonce)],
    );
    await stage.caracalOwner.query(
      `INSERT INTO delegated_grants (id, zone_id, application_id, user_id, resource_id, access_token_ct, refresh_token_ct)
       SELECT id, $2, 'a', 'u', id, a, r FROM unnest($1::text[], $3::bytea[], $4::bytea[]) AS s (id, a, r)`,
      [ids(), zoneId, sealed().map(packed), sealed().map(packed)],
    );
  }
  await stage.caracalOwner.query("ANALYZE secrets, providers, delegated_grants");
}

/** Zones by the set, each with one signing key. */
export async function fillZones(stage: KeyStage, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  await stage.caracalOwner.query(
    "INSERT INTO zones (id, org_id, name, slug, dek_ciphertext) SELECT id, 'o', id, id, '\\x00' FROM unnest($1::text[]) AS z (id)",
    [ids],
  );
  return ids;
}

/** An STS's reader of invalidations in this process: acknowledges and counts what it was handed, by zone. */
export function keyReader(url: string, name: string): { readonly heard: Set<string>; stop(): Promise<void> } {
  const client = new Redis(url, { maxRetriesPerRequest: null });
  client.on("error", () => undefined);
  const heard = new Set<string>();
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      const got = (await client
        .xreadgroup("GROUP", keyGroup, name, "COUNT", 64, "BLOCK", 200, "STREAMS", keyStream, ">")
        .catch(() => null)) as [string, [string, string[]][]][] | null;
      for (const [id, flat] of got?.[0]?.[1] ?? []) {
        heard.add(flat[flat.indexOf("zone_id") + 1] ?? "");
        await client.xack(keyStream, keyGroup, id);
      }
    }
  })();
  return {
    heard,
    async stop() {
      stopped = true;
      await loop;
      client.disconnect();
    },
  };
}
