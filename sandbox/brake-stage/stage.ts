import { randomBytes, randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import pg from "pg";
import { newPerson } from "@/sandbox/new-person";
import { emptySnapshot } from "@/sandbox/empty-snapshot";
import { agreed } from "@/sandbox/agreed";
import { freshCaracalDatabase, freshConsoleDatabase, freshRedis } from "@/sandbox/engines/test-databases";
import type { Stored } from "@/server/approvals/approved-action";
import type { BrakeContext } from "@/server/brakes/advance-freeze";
import { createBrakeWorker } from "@/server/brakes/brake-worker";
import type { FreezeRow } from "@/server/brakes/freeze-rows";
import { getFreeze } from "@/server/brakes/freeze-view";
import { freezeZoneAction } from "@/server/brakes/freeze-zone.action";
import { readBindings } from "@/server/caracal/brakes/policy-bindings";
import { openRedis } from "@/server/caracal/redis";
import type { Repeating } from "@/server/jobs/repeat";
import { type Database, openDatabase, type Queryable } from "@/server/platform/postgres";

export const policyStream = "caracal.policy.invalidate";
const group = "opa-engine";

/** The bindings of every zone of the stage as they are before a freeze, and as they are during one. */
export const bindingsBefore = [
  { policySetId: "set-a", versionId: "version-7" },
  { policySetId: "set-b", versionId: null },
  { policySetId: "set-c", versionId: "version-2" },
];
export const nothingBound = bindingsBefore.map(({ policySetId }) => ({ policySetId, versionId: null }));

/** Databases, a Redis with the group of STS, two people, and what freezes want as context. */
export async function openBrakeStage() {
  const [own, theirs, redis] = await Promise.all([freshConsoleDatabase(), freshCaracalDatabase(), freshRedis()]);
  const key = randomBytes(32);
  const caracalOwner = new pg.Pool({ connectionString: theirs.ownerUrl, max: 2 });
  const owner = new pg.Pool({ connectionString: own.migrateUrl, max: 2 });
  const db = openDatabase({ url: own.url, label: "console", max: 6, statementTimeoutMs: 5_000 });
  const caracal = {
    name: "brakes",
    db: openDatabase({ url: theirs.url, label: "caracal", max: 6, statementTimeoutMs: 5_000 }),
    redis: openRedis(redis.url),
    replicas: ["sts-1", "sts-2"].map((id) => ({ id, kind: "sts" as const, url: "http://127.0.0.1:9" })),
    streamsKey: key,
    auditKey: null,
    adminToken: null,
    coordinatorToken: null,
    close: async () => undefined,
  };
  for (let tries = 0; caracal.redis.status !== "ready" && tries < 250; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  const ctx: BrakeContext = {
    db,
    caracal,
    collector: { snapshot: () => emptySnapshot },
    holder: "console:test",
    pollSeconds: 3_600,
  };
  const account = (username: string) => newPerson(db, username, ["responder"]);
  const [dana, remy] = [await account("dana"), await account("remy")];
  await caracal.redis.xgroup("CREATE", policyStream, group, "$", "MKSTREAM");

  const readers: { stop(): Promise<void> }[] = [];
  const workers: Repeating[] = [];
  const see = (freezeId: string) => getFreeze({ ctx: { db, actor: remy }, input: { freezeId } });
  const stopWorkers = () => Promise.all(workers.splice(0).map((one) => one.stop()));
  return {
    ctx,
    key,
    redis,
    owner,
    caracalOwner,
    dana,
    remy,
    see,
    stopWorkers,
    async newZone(): Promise<string> {
      const id = randomUUID();
      await caracalOwner.query(
        "INSERT INTO zones (id, org_id, name, slug, dek_ciphertext) VALUES ($1, 'o', 'Payments', $1, '\\x00')",
        [id],
      );
      for (const { policySetId, versionId } of bindingsBefore)
        await caracalOwner.query("INSERT INTO policy_set_bindings VALUES ($1, $2, $3)", [id, policySetId, versionId]);
      return id;
    },
    /** An STS of the group: reads and acknowledges one message after the other, as the real ones do. */
    async reader(name: string): Promise<void> {
      const client = new Redis(redis.url, { maxRetriesPerRequest: null });
      let stopped = false;
      const loop = (async () => {
        while (!stopped) {
          const got = (await client
            .xreadgroup("GROUP", group, name, "COUNT", 1, "BLOCK", 5_000, "STREAMS", policyStream, ">")
            .catch(() => null)) as [string, [string, string[]][]][] | null;
          for (const [id] of got?.[0]?.[1] ?? []) await client.xack(policyStream, group, id);
        }
      })();
      readers.push({
        async stop() {
          stopped = true;
          client.disconnect(); // ends the read that waits
          await loop;
          await caracal.redis.xgroup("DELCONSUMER", policyStream, group, name);
        },
      });
    },
    /** A freeze of the zone as two people agreed on it. */
    approved: (zoneId: string): Promise<Stored> => agreed(owner, freezeZoneAction({ db, caracal }), { zoneId }, dana),
    async order(stored: Stored): Promise<string> {
      const ref = await db.transaction((tx) => freezeZoneAction(ctx).start(tx, stored, dana));
      return ref.replace("freeze:", "");
    },
    work(given: BrakeContext = ctx): void {
      const worker = createBrakeWorker(given);
      workers.push(worker);
      worker.start();
    },
    bindings: (zoneId: string) => readBindings(caracal.db, zoneId),
    state: (freezeId: string) => async () => (await see(freezeId)).state,
    async load(freezeId: string): Promise<FreezeRow> {
      const [row] = await db.query<FreezeRow>("SELECT * FROM zone_freezes WHERE id = $1", [freezeId]);
      if (row === undefined) throw new Error("no such freeze");
      return row;
    },
    /** The same databases, in which the nth statement is never sent: as when the process is killed there. */
    dyingAt(n: number): BrakeContext {
      let sent = 0;
      const guard = <Kind extends Queryable>(inner: Kind): Kind => ({
        ...inner,
        query: async (sql: string, params?: readonly unknown[]) => {
          sent += 1;
          if (sent >= n) throw new Error("killed");
          return inner.query(sql, params);
        },
      });
      const database = (inner: Database): Database => ({
        ...guard(inner),
        transaction: (given) => inner.transaction((tx) => given(guard(tx))),
      });
      return { ...ctx, db: database(db), caracal: { ...caracal, db: database(caracal.db) } };
    },
    /** After each test: nobody works and nobody reads. */
    async rest(): Promise<void> {
      await stopWorkers();
      await Promise.all(readers.splice(0).map((one) => one.stop()));
    },
    async close(): Promise<void> {
      await Promise.all([db.close(), caracal.db.close(), owner.end(), caracalOwner.end()]);
      caracal.redis.disconnect();
      await Promise.all([own.drop(), theirs.drop(), redis.drop()]);
    },
  };
}
export type BrakeStage = Awaited<ReturnType<typeof openBrakeStage>>;
