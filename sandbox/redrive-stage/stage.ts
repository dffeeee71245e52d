import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import pg from "pg";
import type { KeyEngines } from "@/sandbox/key-stage/stage";
import { freshEngines } from "@/sandbox/key-stage/stage";
import { newPerson } from "@/sandbox/new-person";
import { openRedis } from "@/server/caracal/redis";
import { openDatabase } from "@/server/platform/postgres";
import { createAllowance } from "@/server/redrive/rate-allowance";
import { advanceOneRedrive } from "@/server/redrive/redrive-worker";
import { loadRun, type RedriveContext, type RunRow } from "@/server/redrive/run-rows";
import { startClassification } from "@/server/redrive/start-classification";

export const dlq = "caracal.audit.events.dlq";

/** The keys of the recorded incident. */
export const recordedKeys = JSON.parse(
  readFileSync(new URL("../fixtures/recorded-incident/keys.json", import.meta.url), "utf8"),
) as { readonly AUDIT_HMAC_KEY: string; readonly STREAMS_HMAC_KEY: string };

/** Databases and a Redis of a test's own, with what working on dead letters wants as context. */
export async function openRedriveStage(
  options: { readonly auditKey?: Buffer; readonly streamsKey?: Buffer; readonly engines?: KeyEngines } = {},
) {
  const { own, theirs, redis: engine } = options.engines ?? (await freshEngines());
  const caracalOwner = new pg.Pool({ connectionString: theirs.ownerUrl, max: 4 });
  const owner = new pg.Pool({ connectionString: own.migrateUrl, max: 2 });
  const db = openDatabase({ url: own.url, label: "The console's own Postgres", max: 6, statementTimeoutMs: 10_000 });
  const caracal = {
    db: openDatabase({ url: theirs.url, label: "Caracal's Postgres", max: 6, statementTimeoutMs: 10_000 }),
    redis: openRedis(engine.url),
  };
  for (let tries = 0; caracal.redis.status !== "ready" && tries < 250; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  const keys = { audit: options.auditKey ?? randomBytes(32), streams: options.streamsKey ?? randomBytes(32) };
  const actor = await newPerson(db, "rae", ["responder", "security"], "Rae Responder");
  const ctx: RedriveContext = { db, caracal, keys, holder: `console:${randomUUID()}` };
  const allowance = createAllowance();
  return {
    ctx,
    db,
    caracal,
    keys,
    actor,
    owner,
    caracalOwner,
    engine,
    redis: caracal.redis,
    urls: { console: own.url, caracal: theirs.url, caracalOwner: theirs.ownerUrl, redis: engine.url },
    run: (id: string): Promise<RunRow> => loadRun(db, id),
    /** A list of what is in a dead-letter stream now, with everything kept and classified. */
    async list(stream = dlq): Promise<RunRow> {
      const { runId } = await startClassification({ ctx: { db, caracal, actor }, input: { stream } });
      for (let turn = 0; turn < 1_000 && (await loadRun(db, runId)).state === "classifying"; turn += 1)
        await advanceOneRedrive(ctx, allowance);
      return loadRun(db, runId);
    },
    async close() {
      caracal.redis.disconnect();
      await Promise.all([db.close(), caracal.db.close(), owner.end(), caracalOwner.end()]);
      await Promise.all([own.drop(), theirs.drop(), engine.drop()]);
    },
  };
}
export type RedriveStage = Awaited<ReturnType<typeof openRedriveStage>>;
