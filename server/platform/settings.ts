import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { notifyAllowHosts, notifyChannels } from "@/server/platform/notify-channels";

const urlList = z
  .string()
  .default("")
  .transform((text) =>
    text
      .split(",")
      .map((part) => part.trim().replace(/\/+$/, ""))
      .filter((part) => part !== ""),
  )
  .pipe(z.array(z.url({ protocol: /^https?$/, error: "must be http or https URLs, separated by commas" })));

const hexKey = z
  .string()
  .trim()
  .regex(/^([0-9a-fA-F]{2}){32,}$/, "must be hex, at least 32 bytes")
  .optional();

const postgresUrl = z.string().regex(/^postgres(ql)?:\/\//, "must start with postgres:// or postgresql://");

function isEd25519(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === "ed25519";
  } catch {
    return false;
  }
}

/** In an environment variable its lines may be parted by the two characters \\n. */
const signingKeyPem = z
  .string()
  .transform((text) => text.trim().replaceAll("\\n", "\n"))
  .refine(isEd25519, "must be an Ed25519 private key in PEM (PKCS #8)")
  .optional();

const absolutePath = z.string().trim().startsWith("/", "must be an absolute path");

/** A word that becomes an argument of a program: never one that could be taken for an option. */
const plainWord = z
  .string()
  .trim()
  .regex(/^[^-\s\p{Cc}][^\p{Cc}]*$/u, "must not begin with a dash");

/** Every setting, by its environment name. Names listed in `secretNames` may be given as NAME_FILE instead. */
const schema = z.object({
  CONSOLE_DATABASE_URL: postgresUrl,
  CONSOLE_MIGRATE_DATABASE_URL: postgresUrl,
  CARACAL_DATABASE_URL: postgresUrl,
  CARACAL_REDIS_URL: z.string().regex(/^rediss?:\/\//, "must start with redis:// or rediss://"),
  CARACAL_STS_URLS: urlList,
  CARACAL_GATEWAY_URLS: urlList,
  CARACAL_API_URLS: urlList,
  CARACAL_AUDIT_URLS: urlList,
  CARACAL_COORDINATOR_URLS: urlList,
  STREAMS_HMAC_KEY: hexKey,
  AUDIT_HMAC_KEY: hexKey,
  ZONE_KEK: z.string().optional(), // judged when used: a wrong one must not keep the console from starting
  ZONE_KEK_FILE: z.string().min(1).optional(), // read again each time it is used
  ZONE_KEK_NEXT: z.string().optional(),
  ZONE_KEK_NEXT_FILE: z.string().min(1).optional(),
  CARACAL_ADMIN_TOKEN: z.string().trim().min(1).optional(),
  CARACAL_COORDINATOR_TOKEN: z.string().trim().min(1).optional(),
  CARACAL_OPA_POLL_SECONDS: z.coerce.number().int().min(1).max(3_600).default(60), // OPA_POLL_SECONDS of the STS replicas
  CARACAL_NAME: z.string().trim().min(1).max(40).default("caracal"),
  CARACAL_COLOUR: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, "must be a colour like #1f6feb")
    .default("#4b5563"),
  AUTH_SECRET: z.string().min(32, "must be at least 32 characters").optional(),
  AUTH_URL: z.url().optional(),
  AUTH_OIDC_ISSUER: z.url().optional(),
  AUTH_OIDC_CLIENT_ID: z.string().min(1).optional(),
  AUTH_OIDC_CLIENT_SECRET: z.string().min(1).optional(),
  AUTH_OIDC_GROUPS_CLAIM: z.string().min(1).default("groups"),
  AUTH_OIDC_ROLE_MAP: z.string().default(""), // "oncall=responder,secops=security"
  NOTIFY_CHANNELS: notifyChannels, // JSON list, docs/notifications.md
  NOTIFY_ALLOW_HOSTS: notifyAllowHosts, // internal receivers: "mail.internal:587,10.0.0.5"
  ALERTMANAGER_TOKEN: z.string().trim().min(16, "must be at least 16 characters").optional(),
  EVIDENCE_SIGNING_KEY: signingKeyPem, // signs exports and timeline heads; else one derived from CONSOLE_DATABASE_URL
  AUDIT_CHECK_EVERY_SECONDS: z.coerce.number().int().min(0).max(86_400).default(60), // what is new in the audit chains; 0: never
  AUDIT_FULL_CHECK_EVERY_HOURS: z.coerce.number().int().min(0).max(720).default(24), // whole chains; 0: never by itself
  AUDIT_ANCHORS_FILE: z.string().trim().min(1).optional(), // anchorings of audit heads are appended here, outside the database
  AUDIT_ANCHORS_WEBHOOK_URL: z.url({ protocol: /^https?$/, error: "must be an http or https URL" }).optional(),
  TIMELINE_HEADS_FILE: z.string().trim().min(1).optional(), // timeline heads are appended here, outside the database
  TIMELINE_HEADS_WEBHOOK_URL: z.url({ protocol: /^https?$/, error: "must be an http or https URL" }).optional(),
  EVIDENCE_FOLDER: absolutePath.optional(), // preserved evidence is written here
  EVIDENCE_S3_BUCKET: z.string().trim().min(1).optional(), // and, or instead, here; credentials by the usual chain
  EVIDENCE_S3_ENDPOINT: z.url({ protocol: /^https?$/, error: "must be an http or https URL" }).optional(), // not Amazon's
  EVIDENCE_S3_REGION: z.string().trim().min(1).optional(),
  EVIDENCE_S3_PREFIX: z
    .string()
    .trim()
    .default("evidence")
    .transform((text) => text.replaceAll(/^\/+|\/+$/g, "")), // what keys begin with
  EVIDENCE_RETENTION_FILE: absolutePath.optional(), // how long evidence is kept; without it, for ever
  POSTGRES_LOG_FOLDER: absolutePath.optional(), // access logs of Caracal's Postgres, as this host reads them
  TIMESTAMP_AUTHORITY_URL: z.url({ protocol: /^https?$/, error: "must be an http or https URL" }).optional(), // RFC 3161
  AUDIT_ARCHIVE_FOLDER: absolutePath.optional(), // Caracal's hourly Parquet exports, as this host reads them: it holds audit/YYYY/…
  AUDIT_ARCHIVE_S3_BUCKET: z.string().trim().min(1).optional(), // or where they are; credentials by the usual chain
  AUDIT_ARCHIVE_S3_ENDPOINT: z.url({ protocol: /^https?$/, error: "must be an http or https URL" }).optional(), // not Amazon's
  AUDIT_ARCHIVE_S3_REGION: z.string().trim().min(1).optional(),
  AUDIT_ARCHIVE_S3_PREFIX: z
    .string()
    .trim()
    .default("")
    .transform((text) => text.replaceAll(/^\/+|\/+$/g, "")) // what keys have before audit/
    .transform((text) => (text === "" ? "" : `${text}/`)),
  BREAK_GLASS_SECRET_HASH: z
    .string()
    .trim()
    .regex(/^scrypt\$15\$8\$1\$[\w-]+\$[\w-]+$/, "must be a hash as printed by npm run account -- --hash")
    .optional(), // sets break-glass on
  RUNTIME_ADAPTER: z.enum(["off", "manual", "compose", "kubernetes", "process"]).default("off"), // what runs the services
  RUNTIME_SERVICES: z.string().default(""), // the allow-list: "sts-1=sts#1,sts-2=sts#2,audit=audit"
  RUNTIME_COMPOSE_FILE: plainWord.optional(),
  RUNTIME_COMPOSE_PROJECT: plainWord.optional(),
  RUNTIME_DOCKER_HOST: plainWord.optional(),
  RUNTIME_KUBECONFIG: plainWord.optional(),
  RUNTIME_KUBE_CONTEXT: plainWord.optional(),
  RUNTIME_KUBE_NAMESPACE: plainWord.default("default"),
  RUNTIME_SPOOL_ON_VOLUME: z.enum(["yes", "no"]).default("no"), // AUDIT_REPLAY_DIR of the STS replicas outlives their pods
  RUNTIME_PROCESS_URL: z
    .url({ protocol: /^http$/, hostname: /^(127\.0\.0\.1|localhost|\[::1\])$/, error: "must be http on loopback" })
    .optional(),
  RUNTIME_PROCESS_TOKEN: z.string().trim().min(16, "must be at least 16 characters").optional(),
  AUTO_DECLARE_P1: z.enum(["on", "off"]).default("on"), // a P1 signal declares an incident by itself
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal"]).default("info"),
});

export type Settings = z.infer<typeof schema>;

/** Every setting there is, set or not. */
export const settingNames: readonly (keyof Settings)[] = schema.keyof().options;

export const secretNames = [
  "CONSOLE_DATABASE_URL",
  "CONSOLE_MIGRATE_DATABASE_URL",
  "CARACAL_DATABASE_URL",
  "CARACAL_REDIS_URL",
  "STREAMS_HMAC_KEY",
  "AUDIT_HMAC_KEY",
  "CARACAL_ADMIN_TOKEN",
  "CARACAL_COORDINATOR_TOKEN",
  "AUTH_SECRET",
  "AUTH_OIDC_CLIENT_SECRET",
  "NOTIFY_CHANNELS",
  "ALERTMANAGER_TOKEN",
  "EVIDENCE_SIGNING_KEY",
  "TIMELINE_HEADS_WEBHOOK_URL",
  "AUDIT_ANCHORS_WEBHOOK_URL",
  "BREAK_GLASS_SECRET_HASH",
  "RUNTIME_PROCESS_TOKEN",
] as const satisfies readonly (keyof Settings)[];

/** Keys that are judged and read (from their file too) only when they are used: server/keys/kek-source.ts. As secret as the rest. */
export const keyNames = ["ZONE_KEK", "ZONE_KEK_NEXT"] as const satisfies readonly (keyof Settings)[];

/** Settings that are missing or wrong, one line each; never contains a value. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  constructor(readonly problems: readonly string[]) {
    super(`Settings need attention:\n${problems.map((line) => `  ${line}`).join("\n")}`);
  }
}

/**
 * Reads and checks the environment. An empty value counts as absent; NAME_FILE is read for secrets.
 * Only the two console databases' and Caracal's Postgres and Redis addresses are required (README, settings table).
 * @throws SettingsError naming every problem at once, without the values.
 */
export function readSettings(
  env: Readonly<Record<string, string | undefined>>,
  readFile = (path: string) => readFileSync(path, "utf8"),
): Settings {
  const problems: string[] = [];
  const given: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = env[name];
    if (value !== undefined && value !== "") given[name] = value;
  }
  for (const name of secretNames) {
    const path = env[`${name}_FILE`];
    if (path === undefined || path === "") continue;
    if (given[name] !== undefined) problems.push(`${name} and ${name}_FILE are both set: keep one.`);
    try {
      given[name] = readFile(path).trim();
    } catch {
      problems.push(`${name}_FILE cannot be read at the path it names.`);
    }
  }
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = String(issue.path[0]);
      problems.push(given[name] === undefined ? `${name} is not set.` : `${name} ${issue.message}.`);
    }
  }
  if (problems.length > 0 || !parsed.success) throw new SettingsError(problems);
  return parsed.data;
}

/**
 * Reads the settings, then takes every secret out of the environment: a diagnostic report of Node lists it, and child processes
 * inherit it. @throws SettingsError
 */
export function takeSettings(env: Record<string, string | undefined>): Settings {
  const settings = readSettings(env);
  for (const name of [...secretNames, ...keyNames]) delete env[name];
  return settings;
}
