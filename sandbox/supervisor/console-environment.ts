import type { ConsoleDatabase } from "@/sandbox/engines/databases";
import type { Deployment } from "@/sandbox/supervisor/deployment";
import type { ServiceKind } from "@/sandbox/supervisor/topology";

export type ConsoleSettings = Readonly<Record<string, string>>;

/**
 * The settings of server/platform/settings.ts for a console attached to this deployment and listening on `port`.
 * `overrides` comes last (an OIDC issuer, a wrong key); an empty value counts as not set.
 */
export function consoleEnvironment(options: {
  deployment: Deployment;
  database: ConsoleDatabase;
  port: number;
  overrides?: ConsoleSettings;
}): ConsoleSettings {
  const { deployment, database, port } = options;
  const urls = (kind: ServiceKind) =>
    deployment
      .replicasOf(kind)
      .map((service) => service.url)
      .join(",");
  return {
    CONSOLE_DATABASE_URL: database.url,
    CONSOLE_MIGRATE_DATABASE_URL: database.migrateUrl,
    CARACAL_DATABASE_URL: deployment.caracal.url,
    CARACAL_REDIS_URL: deployment.redis.url,
    CARACAL_STS_URLS: urls("sts"),
    CARACAL_GATEWAY_URLS: urls("gateway"),
    CARACAL_API_URLS: urls("api"),
    CARACAL_AUDIT_URLS: urls("audit"),
    CARACAL_COORDINATOR_URLS: urls("coordinator"),
    STREAMS_HMAC_KEY: deployment.secrets.streamsHmacKey,
    AUDIT_HMAC_KEY: deployment.secrets.auditHmacKey,
    AUDIT_ARCHIVE_FOLDER: deployment.archiveFolder,
    ZONE_KEK_FILE: deployment.kekFiles.current,
    ZONE_KEK_NEXT_FILE: deployment.kekFiles.next,
    CARACAL_ADMIN_TOKEN: deployment.secrets.adminToken,
    CARACAL_COORDINATOR_TOKEN: deployment.secrets.coordinatorToken,
    EVIDENCE_FOLDER: deployment.vaultFolder,
    CARACAL_NAME: "sandbox",
    CARACAL_COLOUR: "#0f766e",
    AUTH_URL: `http://127.0.0.1:${port}`,
    AUTH_OIDC_ISSUER: "",
    AUTH_OIDC_CLIENT_ID: "",
    AUTH_OIDC_CLIENT_SECRET: "",
    AUTH_OIDC_GROUPS_CLAIM: "groups",
    AUTH_OIDC_ROLE_MAP: "",
    LOG_LEVEL: "warn",
    ...options.overrides,
  };
}
