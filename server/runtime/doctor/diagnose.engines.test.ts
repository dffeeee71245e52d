import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { revocationStream } from "@/server/caracal/streams/expected-streams";
import { streamSignature } from "@/server/caracal/stream-signature";
import { openDatabase, type Database } from "@/server/platform/postgres";
import { readSettings } from "@/server/platform/settings";
import { diagnose } from "@/server/runtime/doctor/diagnose";
import type { Finding } from "@/server/runtime/doctor/finding";
import {
  freshCaracalDatabase,
  freshConsoleDatabase,
  freshRedis,
  type FreshRedis,
} from "@/sandbox/engines/test-databases";
import { provisionStreams } from "@/sandbox/services/shared/streams";

const key = "ab".repeat(32);
const token = "the-coordinators-own-token";

/** Every service at one address: /<kind>/ready and so on. Metrics of the coordinator want its token. */
const serve = () =>
  createServer((request, response) => {
    const [, kind, path] = (request.url ?? "").split("/");
    if (kind === "down") return response.writeHead(path === "ready" ? 503 : 200).end("redis unavailable");
    if (path !== "metrics") return response.end();
    if (kind === "api") return response.writeHead(404).end();
    if (kind === "coordinator" && request.headers.authorization !== `Bearer ${token}`)
      return response.writeHead(401).end();
    response.end("{}");
  });

const vault = mkdtempSync(join(tmpdir(), "doctor-vault-"));
let server: Server;
let redis: FreshRedis;
let client: Redis;
let owner: Database;
let caracal: Awaited<ReturnType<typeof freshCaracalDatabase>>;
let own: Awaited<ReturnType<typeof freshConsoleDatabase>>;
let environment: Record<string, string>;

/** One entry as Caracal's API would have published it. */
async function publish(signedWith: string): Promise<void> {
  const fields = { zone_id: "z", session_id: "s", reason: "r" };
  const _sig = streamSignature(Buffer.from(signedWith, "hex"), revocationStream, fields);
  await client.xadd(revocationStream, "*", ...Object.entries({ ...fields, _sig }).flat());
}

const examine = (changed: Record<string, string> = {}, now?: () => number) =>
  diagnose(readSettings({ ...environment, ...changed }), now);
const found = (findings: readonly Finding[], name: string) => findings.filter((finding) => finding.name === name);
const notOk = (findings: readonly Finding[]) => findings.filter(({ status }) => status !== "ok");

beforeAll(async () => {
  [own, redis] = await Promise.all([freshConsoleDatabase(), freshRedis()]);
  client = new Redis(redis.url);
  client.on("error", () => undefined);
  server = serve();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  client.disconnect();
  server.close();
  rmSync(vault, { recursive: true });
  await Promise.all([own.drop(), redis.drop()]);
});
beforeEach(async () => {
  caracal = await freshCaracalDatabase();
  owner = openDatabase({ url: caracal.ownerUrl, label: "owner", max: 1, statementTimeoutMs: 5_000 });
  await client.flushall();
  await provisionStreams(client);
  await publish(key);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  environment = {
    CONSOLE_DATABASE_URL: own.url,
    CONSOLE_MIGRATE_DATABASE_URL: own.migrateUrl,
    CARACAL_DATABASE_URL: caracal.url,
    CARACAL_REDIS_URL: redis.url,
    CARACAL_STS_URLS: `${url}/sts,${url}/sts-b`,
    CARACAL_GATEWAY_URLS: `${url}/gateway`,
    CARACAL_API_URLS: `${url}/api`,
    CARACAL_AUDIT_URLS: `${url}/audit`,
    CARACAL_COORDINATOR_URLS: `${url}/coordinator`,
    CARACAL_COORDINATOR_TOKEN: token,
    STREAMS_HMAC_KEY: key,
    EVIDENCE_FOLDER: vault,
  };
});
afterEach(async () => {
  await owner.close();
  await caracal.drop();
});

describe("the doctor", () => {
  it("finds nothing to fix where nothing is wrong, so grants.sql and its own table agree", async () => {
    const findings = await examine();
    expect(notOk(findings)).toEqual([]);
    const names = findings.map(({ name }) => name);
    for (const name of [
      "settings",
      "migrations",
      "grants",
      "audit tables",
      "least privilege",
      "clocks",
      "sts-2",
      "release",
    ])
      expect(names).toContain(name);
  });

  it("says what stands in the way of preserving evidence: no place, a folder that is not there or open to others, a bucket that does not answer", async () => {
    const [none] = found(await examine({ EVIDENCE_FOLDER: "" }), "vault");
    expect(none).toMatchObject({ status: "warn", fix: "Set one or both." });
    const away = await examine({
      EVIDENCE_FOLDER: join(vault, "absent"),
      EVIDENCE_S3_BUCKET: "b",
      EVIDENCE_S3_ENDPOINT: "http://127.0.0.1:1",
      POSTGRES_LOG_FOLDER: join(vault, "absent"),
    });
    for (const name of ["vault folder", "vault bucket", "postgres logs"])
      expect(found(away, name)).toMatchObject([{ status: "fail" }]);
    chmodSync(vault, 0o755);
    expect(found(await examine(), "vault folder")).toMatchObject([{ status: "warn" }]);
    chmodSync(vault, 0o700);
  });

  it("names each grant that is missing and what does not work without it", async () => {
    await owner.query("REVOKE UPDATE (status) ON sessions FROM caracal_console");
    await owner.query("REVOKE SELECT ON audit_events FROM caracal_console");
    const [grants] = found(await examine(), "grants");
    expect(grants).toMatchObject({ status: "fail", fix: expect.stringContaining("deploy/grants.sql") });
    expect(grants?.found).toBe(
      "caracal_console may not UPDATE sessions (status) and SELECT audit_events. So nothing can be revoked and evidence cannot be searched.",
    );
  });

  it.each([
    ["UPDATE (decision) ON audit_events", "UPDATE audit_events"],
    ["INSERT ON audit_ingest_alerts", "INSERT audit_ingest_alerts"],
    ["UPDATE (last_exported_hour) ON audit_export_watermark", "UPDATE audit_export_watermark"],
    ["DELETE ON admin_audit_events", "DELETE admin_audit_events"],
    ["TRUNCATE ON audit_events_default", "TRUNCATE audit_events_default"],
  ])("a role that may %s fails: the console must not write what it judges", async (grant, named) => {
    await owner.query(`GRANT ${grant} TO caracal_console`);
    const [audit] = found(await examine(), "audit tables");
    expect(audit).toMatchObject({ status: "fail", found: expect.stringContaining(named) });
  });

  it("warns of a role that may do more than it needs", async () => {
    await owner.query("GRANT INSERT ON sessions TO caracal_console");
    await owner.query("GRANT UPDATE (decision), DELETE ON audit_events TO caracal_console");
    await owner.query("GRANT SELECT ON applications TO caracal_console");
    const findings = await examine();
    const [least] = found(findings, "least privilege");
    expect(least?.status).toBe("warn");
    for (const what of [
      "DELETE audit_events",
      "INSERT sessions (id",
      "UPDATE audit_events (decision)",
      "client_secret_hash",
    ])
      expect(least?.found).toContain(what);
    expect(found(findings, "grants")).toMatchObject([{ status: "ok" }]);
  });

  it("warns of Caracal's own role, which owns the tables", async () => {
    const [least] = found(await examine({ CARACAL_DATABASE_URL: caracal.ownerUrl }), "least privilege");
    expect(least).toMatchObject({
      status: "warn",
      found: expect.stringContaining("caracal_owner has more than it needs: it owns"),
    });
  });

  it("says that Redis is away, leaves out what hangs on it, and tells the rest", async () => {
    await redis.stop();
    try {
      const findings = await examine();
      expect(found(findings, "redis")).toMatchObject([
        { status: "fail", found: expect.stringContaining("ECONNREFUSED") },
      ]);
      for (const name of ["streams", "groups", "stream key"])
        expect(found(findings, name)).toMatchObject([{ status: "skipped" }]);
      expect(findings[0]?.status).toBe("fail");
      expect(found(findings, "grants")).toMatchObject([{ status: "ok" }]);
    } finally {
      await redis.start();
      await expect.poll(() => client.status, { timeout: 10_000 }).toBe("ready");
    }
  });

  it("names a missing group and who reads it; a group nobody reads is only a warning", async () => {
    await client.xgroup("DESTROY", "caracal.keys.invalidate", "sts-keys");
    await client.xgroup("DESTROY", "caracal.audit.events", "siem-export");
    expect(found(await examine(), "groups")).toMatchObject([
      { status: "fail", found: "Group sts-keys is missing on caracal.keys.invalidate: no sts reads that stream." },
      { status: "warn", found: "Group siem-export is missing on caracal.audit.events." },
    ]);
    await client.del("caracal.policy.invalidate");
    expect(found(await examine(), "streams")).toMatchObject([
      { status: "fail", found: "caracal.policy.invalidate does not exist." },
    ]);
  });

  it("names the stream whose newest entries our key does not verify", async () => {
    for (let entry = 0; entry < 10; entry += 1) await publish("cd".repeat(32)); // one alone proves nothing
    const findings = await examine();
    expect(found(findings, "stream key")).toMatchObject([
      { status: "fail", found: expect.stringContaining(revocationStream) },
    ]);
    expect(JSON.stringify(findings)).not.toContain(key);
  });

  it("warns of clocks apart, of eviction, and of what no setting lists", async () => {
    await client.config("SET", "maxmemory-policy", "allkeys-lru");
    try {
      const changed = { CARACAL_AUDIT_URLS: "", STREAMS_HMAC_KEY: "" };
      const findings = await examine(changed, () => Date.now() - 7_000);
      expect(found(findings, "clocks")).toMatchObject([
        { status: "warn", found: expect.stringContaining("They are 7.0 s apart") },
      ]);
      expect(found(findings, "eviction")).toMatchObject([
        { status: "warn", found: expect.stringContaining("allkeys-lru") },
      ]);
      expect(found(findings, "audit")).toMatchObject([
        { status: "warn", found: expect.stringContaining("CARACAL_AUDIT_URLS is not set") },
      ]);
      expect(found(findings, "stream key")).toMatchObject([{ status: "warn" }]);
      expect(findings.some(({ status }) => status === "fail")).toBe(false);
    } finally {
      await client.config("SET", "maxmemory-policy", "noeviction");
    }
  });

  it("says it when Redis lets nobody ask for its settings", async () => {
    await client.call("ACL", "SETUSER", "shy", "on", ">shy-password", "~*", "+@all", "-config", "-info");
    const shy = new URL(redis.url);
    shy.username = "shy";
    shy.password = "shy-password";
    const findings = await examine({ CARACAL_REDIS_URL: shy.toString() });
    expect(found(findings, "eviction")).toMatchObject([
      { status: "warn", found: expect.stringContaining("cannot be told") },
    ]);
    expect(found(findings, "groups")).toMatchObject([{ status: "ok" }]);
  });

  it("tells each replica that is away or not ready, and a refused coordinator's token", async () => {
    const url = environment.CARACAL_API_URLS?.replace("/api", "") ?? "";
    const away = "http://someone:hush-hush@127.0.0.1:1";
    const findings = await examine({
      CARACAL_STS_URLS: `${url}/sts,${away}`,
      CARACAL_GATEWAY_URLS: `${url}/down`,
      CARACAL_COORDINATOR_TOKEN: "a-stale-token",
    });
    expect(found(findings, "sts-1")).toMatchObject([{ status: "ok" }]);
    expect(found(findings, "sts-2")).toMatchObject([
      { status: "fail", fix: expect.stringContaining("CARACAL_STS_URLS") },
    ]);
    expect(found(findings, "gateway-1")).toMatchObject([
      { status: "fail", found: expect.stringContaining("redis unavailable") },
    ]);
    expect(found(findings, "coordinator token")).toMatchObject([{ status: "fail" }]);
    for (const secret of ["hush-hush", "a-stale-token"]) expect(JSON.stringify(findings)).not.toContain(secret);
  });

  it("warns of a console that runs as the owner of its tables, and names what a running role may not write", async () => {
    const asOwner = found(await examine({ CONSOLE_DATABASE_URL: own.migrateUrl }), "console role");
    expect(asOwner).toMatchObject([{ status: "warn", found: expect.stringContaining("owns ") }]);
    const history = openDatabase({ url: own.migrateUrl, label: "owner", max: 1, statementTimeoutMs: 5_000 });
    try {
      await history.query("REVOKE INSERT ON playbook_log FROM console_app");
      expect(found(await examine(), "console role")).toMatchObject([
        { status: "fail", found: "console_app may not read and write playbook_log." },
      ]);
    } finally {
      await history.query("GRANT INSERT ON playbook_log TO console_app");
      await history.close();
    }
  });

  it("does not take a later release for one it knows", async () => {
    await owner.query("CREATE TABLE authority_records (id text)");
    const findings = await examine();
    expect(found(findings, "release")).toMatchObject([
      { status: "fail", found: expect.stringContaining("does not know that release yet") },
    ]);
    expect(found(findings, "grants")).toMatchObject([{ status: "skipped" }]);
  });

  it("names migrations that are not applied, and a console database that is away", async () => {
    const history = openDatabase({ url: own.migrateUrl, label: "owner", max: 1, statementTimeoutMs: 5_000 });
    try {
      await history.query("UPDATE migrations SET name = 'x' || name WHERE name LIKE '0002%'");
      expect(found(await examine(), "migrations")).toMatchObject([
        { status: "fail", found: "Not applied yet: 0002_playbooks.", fix: expect.stringContaining("npm run migrate") },
      ]);
    } finally {
      await history.query("UPDATE migrations SET name = substr(name, 2) WHERE name LIKE 'x%'");
      await history.close();
    }
    expect(notOk(await examine())).toEqual([]);
    const findings = await examine({ CONSOLE_DATABASE_URL: "postgres://console:hush-hush@127.0.0.1:1/console" });
    expect(found(findings, "console database")).toMatchObject([{ status: "fail" }]);
    expect(found(findings, "migrations")).toMatchObject([{ status: "skipped" }]);
    expect(JSON.stringify(findings)).not.toContain("hush-hush");
  });
});

describe("npm run doctor", () => {
  const script = fileURLToPath(new URL("../../../scripts/doctor.ts", import.meta.url));
  const run = (env: Record<string, string>, ...args: string[]) =>
    promisify(execFile)(process.execPath, ["--import", "tsx", script, ...args], {
      env: { NODE_ENV: "test", PATH: process.env.PATH, ...env },
    }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error: { code: number; stdout: string }) => ({ code: error.code, stdout: error.stdout }),
    );

  it("ends with 0 when nothing is to be fixed, with 1 when something is, with 2 when the settings are", async () => {
    const whole = await run(environment, "--json");
    expect(JSON.parse(whole.stdout)).toMatchObject({ ok: true });
    expect(whole.code).toBe(0);

    await client.xgroup("DESTROY", revocationStream, "sts-revocation");
    const broken = await run(environment);
    expect(broken.code).toBe(1);
    expect(broken.stdout).toMatch(/^✗ fail +groups +Group sts-revocation is missing/);

    const unset = await run({ ...environment, CARACAL_REDIS_URL: "", STREAMS_HMAC_KEY: "hush-hush" });
    expect(unset.code).toBe(2);
    expect(unset.stdout).toContain("CARACAL_REDIS_URL is not set.");
    expect(unset.stdout).toContain("STREAMS_HMAC_KEY must be hex");
    expect(unset.stdout).not.toContain("hush-hush");
  });
});
