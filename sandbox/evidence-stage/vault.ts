import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freshCaracalDatabase, freshConsoleDatabase, freshRedis } from "@/sandbox/engines/test-databases";
import { person } from "@/sandbox/evidence-stage/stage";
import { loadRecordedIncident } from "@/sandbox/schema/load-recording";
import { removeVault } from "@/sandbox/supervisor/vault-folder";
import { openDeployment } from "@/server/caracal/deployment";
import { orderPreservation } from "@/server/evidence/vault/order";
import { partNames, type PartName, type StoreName } from "@/server/evidence/vault/schemas";
import { openStores } from "@/server/evidence/vault/stores";
import { advanceOneItem, type VaultContext } from "@/server/evidence/vault/vault-worker";
import { openDatabase } from "@/server/platform/postgres";
import { readSettings } from "@/server/platform/settings";

/** The recorded incident in real engines, a console's database, and a vault in a folder of its own; nothing works by itself. */
export async function vaultStage(
  more: Readonly<Record<string, string>> = {},
  auditEvents: "before" | "after" = "before",
) {
  const [caracalDatabase, engine, own] = await Promise.all([
    freshCaracalDatabase(),
    freshRedis(),
    freshConsoleDatabase(),
  ]);
  await loadRecordedIncident({ ownerUrl: caracalDatabase.ownerUrl, redisUrl: engine.url, auditEvents });
  const folder = await mkdtemp(join(tmpdir(), "vault-test-"));
  const environment = {
    CONSOLE_DATABASE_URL: own.url,
    CONSOLE_MIGRATE_DATABASE_URL: own.migrateUrl,
    CARACAL_DATABASE_URL: caracalDatabase.url,
    CARACAL_REDIS_URL: engine.url,
    CARACAL_STS_URLS: "http://127.0.0.1:2",
    EVIDENCE_FOLDER: folder,
    ...more,
  };
  const settings = readSettings(environment);
  const db = openDatabase({ url: own.url, label: "console", max: 5, statementTimeoutMs: 10_000 });
  const owner = openDatabase({ url: own.migrateUrl, label: "console's owner", max: 2, statementTimeoutMs: 10_000 });
  const caracal = openDeployment(settings);
  for (let tries = 0; caracal.redis.status !== "ready" && tries < 250; tries += 1) await delay(20);
  const stores = openStores(settings, async () => null);
  const worker: VaultContext = { db, caracal, stores, settings, holder: "test" };
  const actor = await person(db, "Dana Security", "security");
  return {
    environment,
    settings,
    folder,
    db,
    owner,
    caracal,
    caracalDatabase,
    engine,
    stores,
    worker,
    actor,
    /** Orders, without carrying out. */
    async order(
      asked: {
        parts?: readonly PartName[];
        stores?: readonly StoreName[];
        zoneId?: string;
        from?: string;
        to?: string;
        partition?: string;
        incidentId?: string;
      } = {},
    ): Promise<string> {
      const { parts = partNames, stores: where = ["folder"], ...scope } = asked;
      const ordered = await orderPreservation({
        ctx: { db, caracal, stores, actor },
        input: { ...scope, parts: [...parts], stores: [...where], reason: "A chain that does not hold" },
      });
      return ordered.itemId;
    },
    work: () => advanceOneItem(worker),
    async close() {
      await Promise.all([db.close(), owner.close(), caracal.close()]);
      await Promise.all([caracalDatabase.drop(), engine.drop(), own.drop(), removeVault(folder)]);
    },
  };
}
export type VaultStage = Awaited<ReturnType<typeof vaultStage>>;
