import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freshCaracalDatabase, freshConsoleDatabase, freshRedis } from "@/sandbox/engines/test-databases";
import { provisionStreams } from "@/sandbox/services/shared/streams";
import { streamSignature } from "@/server/caracal/stream-signature";
import { revocationStream } from "@/server/caracal/streams/expected-streams";
import { type Database, openDatabase } from "@/server/platform/postgres";
import { readSettings } from "@/server/platform/settings";
import { diagnose } from "@/server/runtime/doctor/diagnose";
import type { Finding } from "@/server/runtime/doctor/finding";

/** STREAMS_HMAC_KEY of the deployment that the doctor looks at. */
export const key = "ab".repeat(32);
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

/** A whole deployment in which nothing is wrong, for the doctor to look at; Caracal's database is a fresh one for each test. */
export async function openDoctorStage() {
  const vault = mkdtempSync(join(tmpdir(), "doctor-vault-"));
  const [own, redis] = await Promise.all([freshConsoleDatabase(), freshRedis()]);
  const client = new Redis(redis.url);
  client.on("error", () => undefined);
  const server = serve();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  let caracal: Awaited<ReturnType<typeof freshCaracalDatabase>> | null = null;
  let owner: Database | null = null;
  let environment: Record<string, string> = {};

  /** One entry as Caracal's API would have published it. */
  async function publish(signedWith: string): Promise<void> {
    const fields = { zone_id: "z", session_id: "s", reason: "r" };
    const _sig = streamSignature(Buffer.from(signedWith, "hex"), revocationStream, fields);
    await client.xadd(revocationStream, "*", ...Object.entries({ ...fields, _sig }).flat());
  }
  const there = <T>(part: T | null): T => {
    if (part === null) throw new Error("begin first");
    return part;
  };
  return {
    vault,
    own,
    redis,
    client,
    publish,
    get caracal() {
      return there(caracal);
    },
    get owner() {
      return there(owner);
    },
    get environment() {
      return environment;
    },
    examine: (changed: Record<string, string> = {}, now?: () => number) =>
      diagnose(readSettings({ ...environment, ...changed }), now),
    async begin(): Promise<void> {
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
    },
    async end(): Promise<void> {
      await owner?.close();
      await caracal?.drop();
    },
    async close(): Promise<void> {
      client.disconnect();
      server.close();
      rmSync(vault, { recursive: true });
      await Promise.all([own.drop(), redis.drop()]);
    },
  };
}
export type DoctorStage = Awaited<ReturnType<typeof openDoctorStage>>;

export const found = (findings: readonly Finding[], name: string) =>
  findings.filter((finding) => finding.name === name);
export const notOk = (findings: readonly Finding[]) => findings.filter(({ status }) => status !== "ok");
