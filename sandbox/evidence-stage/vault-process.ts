import { openDeployment } from "@/server/caracal/deployment";
import type { Sink, VaultStore } from "@/server/evidence/vault/store";
import { openStores } from "@/server/evidence/vault/stores";
import { advanceOneItem } from "@/server/evidence/vault/vault-worker";
import { type Database, openDatabase, type Queryable } from "@/server/platform/postgres";
import { readSettings } from "@/server/platform/settings";

/**
 * A vault's worker as a process of its own: preserves one item, and kills itself with SIGKILL before the nth thing that it does to the console's
 * database or to a store, counted from 1. Without DIE_BEFORE it says how many there are.
 */
const dieBefore = Number(process.env.DIE_BEFORE ?? Number.POSITIVE_INFINITY);
let done = 0;
function step(): void {
  done += 1;
  if (done >= dieBefore) process.kill(process.pid, "SIGKILL");
}

const guard = (queryable: Queryable): Queryable => ({
  async query(sql, params) {
    if (!sql.includes("heartbeat_at = now() WHERE") && !sql.includes("phase = $3, rows")) step(); // beats come by the clock
    return queryable.query(sql, params);
  },
});
const guardedDatabase = (db: Database): Database => ({
  ...guard(db),
  transaction: (work) =>
    db.transaction(async (tx) => {
      const value = await work(guard(tx));
      step(); // before the commit
      return value;
    }),
  close: () => db.close(),
});
const guardedSink = (sink: Sink): Sink => ({
  async write(chunk) {
    step();
    await sink.write(chunk);
  },
  async commit() {
    step();
    await sink.commit();
    step();
  },
  abort: () => sink.abort(),
});
const guardedStore = (store: VaultStore): VaultStore => ({
  ...store,
  async create(item, name) {
    step();
    return guardedSink(await store.create(item, name));
  },
  async close(item) {
    step();
    await store.close(item);
  },
});

const settings = readSettings(JSON.parse(process.env.VAULT_SETTINGS ?? "{}") as Record<string, string>);
const db = openDatabase({ url: settings.CONSOLE_DATABASE_URL, label: "console", max: 4, statementTimeoutMs: 10_000 });
const caracal = openDeployment(settings);
while (caracal.redis.status !== "ready") await new Promise((resolve) => setTimeout(resolve, 10));
const stores = new Map([...openStores(settings, async () => null)].map(([name, store]) => [name, guardedStore(store)]));
await advanceOneItem({ db: guardedDatabase(db), caracal, stores, settings, holder: `process-${process.pid}` });
process.stdout.write(`steps ${done}\n`);
await Promise.all([db.close(), caracal.close()]);
