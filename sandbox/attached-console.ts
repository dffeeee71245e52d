import { setTimeout as delay } from "node:timers/promises";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import { openWitness } from "@/sandbox/stand-in-witness";
import { runtimeSettings, startControl } from "@/sandbox/supervisor/control-server";
import { startDeployment } from "@/sandbox/supervisor/deployment";
import { openDeployment } from "@/server/caracal/deployment";
import { openDatabase } from "@/server/platform/postgres";
import { readSettings } from "@/server/platform/settings";

/**
 * A small stand-in with all its processes, a console's database beside it, and what a console holds of both; a test's own. With `services`
 * the console knows every replica and not the STS alone, and may restart them.
 */
export async function attachConsole(options: { readonly services?: boolean } = {}) {
  const [deployment, own] = await Promise.all([startDeployment({ size: "small" }), freshConsoleDatabase()]);
  const witness = await openWitness(deployment);
  const control = await startControl(deployment);
  const urls = (kind: "gateway" | "api" | "audit" | "coordinator") =>
    deployment
      .replicasOf(kind)
      .map(({ url }) => url)
      .join(",");
  const settings = readSettings({
    CONSOLE_DATABASE_URL: own.url,
    CONSOLE_MIGRATE_DATABASE_URL: own.migrateUrl,
    CARACAL_DATABASE_URL: deployment.caracal.url,
    CARACAL_REDIS_URL: deployment.redis.url,
    CARACAL_STS_URLS: deployment
      .replicasOf("sts")
      .map(({ url }) => url)
      .join(","),
    STREAMS_HMAC_KEY: deployment.secrets.streamsHmacKey,
    AUDIT_HMAC_KEY: deployment.secrets.auditHmacKey,
    ZONE_KEK_FILE: deployment.kekFiles.current,
    ZONE_KEK_NEXT_FILE: deployment.kekFiles.next,
    ...(options.services === true
      ? {
          CARACAL_GATEWAY_URLS: urls("gateway"),
          CARACAL_API_URLS: urls("api"),
          CARACAL_AUDIT_URLS: urls("audit"),
          CARACAL_COORDINATOR_URLS: urls("coordinator"),
          CARACAL_COORDINATOR_TOKEN: deployment.secrets.coordinatorToken,
          ...runtimeSettings(control, deployment),
        }
      : {}),
  });
  const caracal = openDeployment(settings);
  const db = openDatabase({ url: own.url, label: "console", max: 5, statementTimeoutMs: 5_000 });
  for (let tries = 0; caracal.redis.status !== "ready" && tries < 250; tries += 1) await delay(20);
  return {
    deployment,
    own,
    witness,
    settings,
    caracal,
    db,
    async close() {
      await Promise.all([caracal.close(), db.close(), witness.close(), control.close()]);
      await deployment.dispose();
      await own.drop();
    },
  };
}
export type AttachedConsole = Awaited<ReturnType<typeof attachConsole>>;
