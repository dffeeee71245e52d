import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Deployment, startDeployment } from "@/sandbox/supervisor/deployment";
import { seededSecret } from "@/sandbox/services/shared/client-secret";
import { toEntries } from "@/sandbox/services/shared/streams";
import { eventually, openWitness, type Witness } from "@/sandbox/stand-in-witness";

type Recorded = { id: string; fields: Record<string, string> };
const before = new URL("./fixtures/recorded-incident/before/", import.meta.url);
const lines = (name: string) =>
  readFileSync(new URL(name, before), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Recorded);
const recordedKeys = JSON.parse(readFileSync(new URL("../keys.json", before), "utf8")) as { AUDIT_HMAC_KEY: string };
const audit = "caracal.audit.events";
const dlq = `${audit}.dlq`;

let deployment: Deployment;
let witness: Witness;
beforeAll(async () => {
  deployment = await startDeployment({ size: "small" });
  witness = await openWitness(deployment);
});
afterAll(async () => {
  await witness?.close();
  await deployment?.dispose();
});

const deadSince = async (id: string) => toEntries(await witness.redis.xrange(dlq, `(${id}`, "+", "COUNT", 100));
const newestDead = async () => (await witness.redis.xrevrange(dlq, "+", "-", "COUNT", 1))[0]?.[0] ?? "0-0";
const add = async (fields: Record<string, string>) =>
  (await witness.redis.xadd(audit, "*", ...Object.entries(fields).flat())) ?? "";
/** The source message of a recorded dead letter. `src_id` is its own `id` field unless it looks like a stream id (trap 12). */
function sourceOf({ fields }: Recorded): Record<string, string> {
  const own = Object.entries(fields).filter(([name]) => name.startsWith("src_"));
  return Object.fromEntries(
    own
      .map(([name, value]) => [name.slice("src_".length), value] as const)
      .filter(([name, value]) => name !== "id" || !/^\d+-\d+$/.test(value)),
  );
}

describe("dead letters", () => {
  it("come out of the recorded messages byte for byte as the release wrote them, all seventeen", async () => {
    await deployment.service("audit-1").restart({ AUDIT_HMAC_KEY: recordedKeys.AUDIT_HMAC_KEY });
    const wanted = lines("caracal.audit.events.dlq.jsonl");
    const tampered = wanted.find(({ fields }) => fields.reason === "tamper_on_replay");
    const original = lines("caracal.audit.events.jsonl").find(({ fields }) => fields.id === tampered?.fields.src_id);
    const started = await newestDead();
    const startedAt = Date.now();
    await add(original?.fields ?? {});
    const ids: string[] = [];
    for (const letter of wanted) ids.push(await add(sourceOf(letter)));
    await eventually(async () => expect(await deadSince(started)).toHaveLength(wanted.length));
    for (const [index, { fields }] of (await deadSince(started)).entries()) {
      const { received_at, ...rest } = fields;
      expect(Number(received_at)).toBeGreaterThanOrEqual(startedAt);
      const { received_at: _then, ...recorded } = wanted[index]?.fields ?? {};
      const keepsStreamId = /^\d+-\d+$/.test(recorded.src_id ?? "");
      expect(rest).toEqual(keepsStreamId ? { ...recorded, src_id: ids[index] } : recorded);
    }
    const { rows } = await witness.owner.query("SELECT event_id, zone_id, kind, detail FROM audit_ingest_alerts");
    const [, alert = ""] = readFileSync(new URL("audit_ingest_alerts.csv", before), "utf8").trim().split("\n");
    const [, event_id, zone_id, kind, detail] = alert.split(",");
    expect(rows).toEqual([{ event_id, zone_id, kind, detail }]);
  });

  it("count as the release counted them, and leave nothing pending", async () => {
    const counted = JSON.parse((await witness.answer("audit-1", "/metrics")).body) as Record<string, number>;
    const services = JSON.parse(readFileSync(new URL("services.json", before), "utf8")) as {
      audit: { metrics: { body: string } };
    };
    const recorded = JSON.parse(services.audit.metrics.body) as Record<string, number>;
    for (const name of ["dlq_total", "hmac_failures_total", "parse_errors_total", "tamper_replay_total"])
      expect([name, counted[name]]).toEqual([name, recorded[name]]);
    expect(await witness.group(audit, "audit-ingestor")).toMatchObject({ pending: 0, lag: 0 });
  });

  it("take a repeated event that is already stored as nothing", async () => {
    const started = await newestDead();
    const [stored] = lines("caracal.audit.events.jsonl");
    await add(stored?.fields ?? {});
    const again = await add(stored?.fields ?? {});
    await eventually(async () =>
      expect(await witness.group(audit, "audit-ingestor")).toMatchObject({ lastDelivered: again, pending: 0 }),
    );
    expect(await deadSince(started)).toEqual([]);
    const own = stored?.fields.id;
    const { rows } = await witness.owner.query("SELECT count(*)::int AS n FROM audit_events WHERE id = $1", [own]);
    expect(rows).toEqual([{ n: 1 }]);
  });

  it("hold each replayed mandate that a gateway reports, for want of zone_id and sig", async () => {
    await deployment.service("audit-1").restart();
    const zone = deployment.seeded.zones[0];
    const application = zone?.applications[0] ?? "";
    const started = await newestDead();
    const { token } = await witness.mint("sts-1", 0, { client_secret: seededSecret(application) });
    const present = () => witness.answer("gateway-1", "/resource", { authorization: `Bearer ${token}` });
    expect([(await present()).body, (await present()).body]).toEqual([
      expect.stringContaining("exchange_failed"), // trap 19
      expect.stringContaining("jti_replay"),
    ]);
    await eventually(async () => expect(await deadSince(started)).toHaveLength(1));
    const [found] = await deadSince(started);
    const [recorded] = lines("caracal.audit.events.dlq.jsonl");
    expect(Object.keys(found?.fields ?? {}).sort()).toEqual(Object.keys(recorded?.fields ?? {}).sort());
    expect(found?.fields.reason).toBe("hmac_verify_failed");
    const shape = (data = "{}") => {
      const event = JSON.parse(data) as Record<string, unknown>;
      return [Object.keys(event), Object.keys(event.metadata_json ?? {}), event.event_type, event.evaluation_status];
    };
    expect(shape(found?.fields.src_data)).toEqual(shape(recorded?.fields.src_data));
    const event = JSON.parse(found?.fields.src_data ?? "{}") as Record<string, unknown>;
    expect(found?.fields.src_id).toBe(event.id);
    const counted = JSON.parse((await witness.answer("gateway-1", "/metrics")).body) as Record<string, number>;
    expect(counted).toMatchObject({ denials_jti_replay: 1, sts_exchange_errors: 1, requests_denied: 2 });
  });

  it("take an honest event after five deliveries while Postgres is away", async () => {
    const honest = lines("caracal.audit.events.jsonl").at(0)?.fields ?? {};
    await deployment.service("audit-1").restart({
      AUDIT_HMAC_KEY: recordedKeys.AUDIT_HMAC_KEY,
      AUDIT_CLAIM_IDLE_MS: "200",
    });
    const started = await newestDead();
    await deployment.postgres.stop();
    await add(honest);
    await eventually(async () => expect(await deadSince(started)).toHaveLength(1), 30_000);
    const [found] = await deadSince(started);
    expect(found?.fields.reason).toMatch(/^transient_exceeded_max_deliveries:.+/);
    expect(found?.fields).toMatchObject({ src_data: honest.data, src_sig: honest.sig, src_id: honest.id });
    expect(await witness.group(audit, "audit-ingestor")).toMatchObject({ pending: 0 });
  });
});
