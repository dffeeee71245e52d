import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Deployment, startDeployment } from "@/sandbox/supervisor/deployment";
import { seededSecret } from "@/sandbox/services/shared/client-secret";
import { streamSignature } from "@/server/caracal/stream-signature";

type Probe = { status: number; body: string } | "connection refused";
const recorded = (state: string) =>
  JSON.parse(readFileSync(new URL(`./fixtures/services/${state}.json`, import.meta.url), "utf8")) as Record<
    string,
    Record<string, Probe>
  >;
const recordedNames: Record<string, string> = { "api-1": "api", "audit-1": "audit", "coordinator-1": "coordinator" };
const names = ["api-1", "sts-1", "sts-2", "gateway-1", "gateway-2", "audit-1", "coordinator-1"];

let deployment: Deployment;
let redis: Redis;
let owner: Client;
beforeAll(async () => {
  deployment = await startDeployment({ size: "small", workload: false });
  redis = new Redis(deployment.redis.url);
  redis.on("error", () => undefined);
  owner = new Client({ connectionString: deployment.caracal.ownerUrl });
  owner.on("error", () => undefined);
  await owner.connect();
});
afterAll(async () => {
  redis?.disconnect();
  await owner?.end().catch(() => undefined);
  await deployment?.dispose();
});

async function probe(name: string, path: string): Promise<Probe> {
  try {
    const response = await fetch(`${deployment.service(name).url}${path}`, { signal: AbortSignal.timeout(8_000) });
    return { status: response.status, body: await response.text() };
  } catch {
    return "connection refused";
  }
}
/** Addresses and database names differ from run to run; nothing else may. */
const plain = (answer: Probe | undefined): unknown =>
  answer === undefined || answer === "connection refused"
    ? answer
    : {
        status: answer.status,
        body: answer.body.replaceAll(/127\.0\.0\.1:\d+/g, "ADDRESS").replaceAll(/user=\S+ database=[^`]+/g, "WHO"),
      };
const looksAs = (state: string, who = names, paths = ["health", "ready"]) =>
  vi.waitFor(
    async () => {
      for (const name of who)
        for (const path of paths)
          expect([name, path, plain(await probe(name, `/${path}`))]).toEqual([
            name,
            path,
            plain(recorded(state)[recordedNames[name] ?? name]?.[path]),
          ]);
    },
    { timeout: 20_000, interval: 300 },
  );
const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 15_000, interval: 200 });
const metric = async (name: string): Promise<Record<string, number>> => {
  const answer = await probe(name, "/metrics");
  return answer === "connection refused" ? {} : (JSON.parse(answer.body) as Record<string, number>);
};
const keysOf = (answer: Probe | undefined): string[] =>
  answer === undefined || answer === "connection refused" ? [] : Object.keys(JSON.parse(answer.body) as object);

describe("everything up", () => {
  it("answers as recorded", async () => {
    await looksAs("all-up");
    await looksAs("all-up", ["api-1", "coordinator-1"], ["metrics"]);
    for (const name of ["sts-1", "gateway-1", "audit-1"])
      expect(keysOf(await probe(name, "/metrics"))).toEqual(
        keysOf(recorded("all-up")[recordedNames[name] ?? name]?.metrics),
      );
  });

  it("publishes the newest two keys, 404 for a zone without, 400 without a zone", async () => {
    const { zones, keylessZone } = deployment.seeded;
    const jwks = async (query: string) => probe("sts-1", `/.well-known/jwks.json${query}`);
    for (const zone of zones.filter((one) => one.signingKeys.length > 0)) {
      const answer = await jwks(`?zone_id=${zone.id}`);
      const body = JSON.parse(answer === "connection refused" ? "{}" : answer.body) as { keys: { kid: string }[] };
      expect(body.keys.map((key) => key.kid)).toEqual([...zone.signingKeys].reverse().slice(0, 2));
    }
    expect(await jwks(`?zone_id=${keylessZone.id}`)).toEqual({
      status: 404,
      body: '{"error":"resource_not_found","error_description":"zone signing key not found"}\n',
    });
    expect(await jwks("")).toMatchObject({ status: 400 });
  });

  it("dispatches the outbox signed, and every group applies it once", async () => {
    const { zone, sessionIds } = deployment.seeded.stolen;
    const payload = { zone_id: zone.id, session_id: sessionIds[0], reason: "test", empty: null, n: 1 };
    await owner.query("INSERT INTO event_outbox (id, stream_name, payload_json) VALUES ('t1', $1, $2)", [
      "caracal.sessions.revoke",
      payload,
    ]);
    await eventually(async () => {
      const { rows } = await owner.query("SELECT status FROM sessions WHERE id = $1", [sessionIds[0]]);
      expect(rows[0].status).toBe("revoked");
      expect(await redis.get(`caracal:revoked:sessions:${sessionIds[0]}`)).toBe("1");
    });
    const [entry] = await redis.xrevrange("caracal.sessions.revoke", "+", "-", "COUNT", 1);
    expect(entry?.[1]).toEqual(expect.arrayContaining(["session_id", sessionIds[0], "n", "1", "_sig"]));
    expect(entry?.[1]).not.toContain("empty");
    const { rows } = await owner.query(
      "SELECT attempts, locked_until, dispatched_at FROM event_outbox WHERE id = 't1'",
    );
    expect(rows[0]).toMatchObject({ attempts: 1, locked_until: null, dispatched_at: expect.any(Date) });
  });

  it("acks and drops a forged revocation; keeps one without session_id pending in each group", async () => {
    const stream = "caracal.sessions.revoke";
    const { zone, sessionIds } = deployment.seeded.stolen;
    await redis.xadd(stream, "*", "zone_id", zone.id, "session_id", sessionIds[1] ?? "", "reason", "forged");
    const fields = { zone_id: zone.id, reason: "no session id" };
    const _sig = streamSignature(Buffer.from(deployment.secrets.streamsHmacKey, "hex"), stream, fields);
    const id = await redis.xadd(stream, "*", ...Object.entries({ ...fields, _sig }).flat());
    await eventually(async () => {
      for (const group of ["sts-revocation", "gateway-revocation", "resource-revocation"])
        expect((await redis.xpending(stream, group)).slice(0, 3)).toEqual([1, id, id]);
    });
    const { rows } = await owner.query("SELECT status FROM sessions WHERE id = $1", [sessionIds[1]]);
    expect(rows[0].status).toBe("active");
  });

  it("dead-letters with the release's reasons, and src_id is the event's own id", async () => {
    await redis.xadd("caracal.audit.events", "*", "id", "own", "data", "{}", "sig", "00");
    await redis.xadd("caracal.audit.events", "*", "foo", "bar");
    await eventually(async () => {
      const entries = await redis.xrevrange("caracal.audit.events.dlq", "+", "-", "COUNT", 2);
      const [second, first] = entries.map(([, flat]) => flat);
      expect(first).toEqual(
        expect.arrayContaining(["hmac_verify_failed", "src_id", "own", "src_data", "{}", "src_sig"]),
      );
      expect(second).toEqual(expect.arrayContaining(["missing_data_field", "src_foo", "bar"]));
    });
  });

  it("mints a session with its audit event, and counts what it swept as mismatches", async () => {
    const { zone } = deployment.seeded.stolen;
    const application = zone.applications[0] ?? "";
    const body = {
      zone_id: zone.id,
      client_id: application,
      client_secret: seededSecret(application),
      resource: zone.resources[0],
    };
    const url = `${deployment.service("sts-1").url}/oauth/token`;
    const before = (await metric("audit-1")).inserts_total ?? 0;
    const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
    expect(response.status).toBe(200);
    await eventually(async () => expect((await metric("audit-1")).inserts_total).toBe(before + 1));
    await eventually(async () => {
      const swept = await metric("audit-1");
      expect(swept.tamper_checked_total).toBeGreaterThanOrEqual(1_000);
      expect(swept.tamper_mismatch_total).toBe(swept.tamper_checked_total);
      expect([swept.tamper_chain_breaks, swept.tamper_hmac_failures]).toEqual([0, 0]);
    });
  });
});

describe("a bad day", () => {
  it("says what the release says while Redis is away and when it is back", async () => {
    await deployment.redis.stop();
    await looksAs("redis-down");
    await deployment.redis.start();
    await looksAs("redis-back");
  });

  it("spools what Redis did not take, and publishes it only at the next start", async () => {
    const { zone } = deployment.seeded.stolen;
    const sts = async (): Promise<Record<string, number>> => {
      const answer = await probe("sts-1", "/metrics");
      return answer === "connection refused" ? {} : (JSON.parse(answer.body) as { sts: Record<string, number> }).sts;
    };
    await deployment.redis.stop();
    await looksAs("redis-down", ["sts-1"], ["ready"]);
    const body = JSON.stringify({ zone_id: zone.id, client_id: zone.applications[0], resource: zone.resources[0] });
    const refused = await fetch(`${deployment.service("sts-1").url}/oauth/token`, { method: "POST", body });
    expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining("policy denied")]);
    expect(await sts()).toMatchObject({ audit_replay_pending: 1, audit_sink_errors: 1, audit_replay_replayed: 0 });
    await deployment.redis.start();
    await looksAs("redis-back", ["sts-1"], ["ready"]);
    expect(await sts()).toMatchObject({ audit_replay_pending: 1 });
    await deployment.service("sts-1").restart();
    await eventually(async () =>
      expect(await sts()).toMatchObject({ audit_replay_pending: 0, audit_replay_replayed: 1 }),
    );
  });

  it("never reads when it was started while Redis was away, yet is ready later", async () => {
    await deployment.redis.stop();
    await deployment.service("gateway-2").restart();
    await deployment.service("gateway-1").stop();
    await deployment.redis.start();
    await looksAs("redis-back", ["gateway-2"], ["ready"]);
    const stream = "caracal.sessions.revoke";
    const fields = { zone_id: "z", session_id: "unheard", reason: "test" };
    const _sig = streamSignature(Buffer.from(deployment.secrets.streamsHmacKey, "hex"), stream, fields);
    const id = await redis.xadd(stream, "*", ...Object.entries({ ...fields, _sig }).flat());
    await eventually(async () => expect(await redis.get("caracal:revoked:sessions:unheard")).toBe("1"));
    const groups = (await redis.xinfo("GROUPS", stream)) as unknown[][];
    const gateway = groups.find((group) => group.includes("gateway-revocation"));
    expect(gateway?.[gateway.indexOf("last-delivered-id") + 1]).not.toBe(id);
    await deployment.service("gateway-1").start();
  });

  it("is ready on another KEK, with a JWKS that answers 500", async () => {
    await deployment.service("sts-2").restart({ ZONE_KEK: "ab".repeat(32) });
    await looksAs("sts-2-on-another-kek", ["sts-2"]);
    const answer = await probe("sts-2", `/.well-known/jwks.json?zone_id=${deployment.seeded.stolen.zone.id}`);
    expect(answer).toEqual(recorded("sts-2-on-another-kek")["sts-2"]?.[".well-known/jwks.json"]);
  });

  it("loses API and coordinator with Postgres; the others recover alone", async () => {
    await deployment.postgres.stop();
    await looksAs("postgres-down", ["api-1", "coordinator-1", "sts-1", "gateway-1", "audit-1"], ["ready"]);
    await deployment.postgres.start();
    await looksAs("postgres-back", ["api-1", "coordinator-1", "sts-1", "gateway-1", "audit-1"], ["ready"]);
  });
});
