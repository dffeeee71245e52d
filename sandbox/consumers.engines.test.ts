import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toEntries } from "@/sandbox/services/shared/streams";
import { eventually, openWitness, verifiedEntries, type Witness } from "@/sandbox/stand-in-witness";
import { type Deployment, startDeployment } from "@/sandbox/supervisor/deployment";

type Bodies = Record<string, { metrics: { status: number; body: string } }>;
const recorded = JSON.parse(
  readFileSync(new URL("./fixtures/services/all-up.json", import.meta.url), "utf8"),
) as Bodies;
const stream = "caracal.sessions.revoke";
const dead = `${stream}.dead`;

let deployment: Deployment;
let witness: Witness;
beforeAll(async () => {
  deployment = await startDeployment({ size: "small", replicas: { sts: 1, gateway: 1 } });
  witness = await openWitness(deployment);
});
afterAll(async () => {
  await witness?.close();
  await deployment?.dispose();
});

/** Names of all members of a JSON object with what kind each is, objects inside included. */
function shapeOf(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [`${path}: ${typeof value}`];
  return Object.entries(value).flatMap(([name, inner]) => shapeOf(inner, `${path}/${name}`));
}
const shapeOfText = (body: string | undefined) => shapeOf(JSON.parse(body ?? "{}"));

describe("a message that cannot be applied", () => {
  const failures = async (id: string) => Number((await witness.redis.get(`stream-failure:${stream}:${id}`)) ?? 0);
  const pendingIn = async (group: string, id: string) =>
    (await witness.redis.xpending(stream, group, id, id, 1)) as [string, string, number, number][];
  /** As if half a minute had gone by since its last delivery. */
  const age = async (group: string, id: string) => {
    const consumer = (await pendingIn(group, id))[0]?.[1] ?? "";
    await witness.redis.xclaim(stream, group, consumer, 0, id, "IDLE", 31_000, "JUSTID");
  };

  it("stays pending with one delivery until a restart, and after five failures of both groups goes to .dead", async () => {
    await deployment.service("resource-1").stop(); // the release's failure count is shared by two groups here
    const fields = { zone_id: "z", reason: "no session id" };
    const id = await witness.publish(stream, fields);
    await eventually(async () => expect(await failures(id)).toBe(2));

    await deployment.service("gateway-1").restart(); // too fresh to be claimed
    await age("sts-revocation", id); // old, but nobody claims while running
    const next = await witness.publish(stream, { zone_id: "z", session_id: "next", reason: "test" });
    for (const group of ["sts-revocation", "gateway-revocation"])
      await eventually(async () =>
        expect(await witness.group(stream, group)).toMatchObject({ lastDelivered: next, pending: 1 }),
      );
    expect(await failures(id)).toBe(2);
    expect((await pendingIn("sts-revocation", id))[0]?.[3]).toBe(1);

    await age("gateway-revocation", id);
    await deployment.service("gateway-1").restart();
    await eventually(async () => expect(await failures(id)).toBe(3));
    await deployment.service("sts-1").restart();
    await eventually(async () => expect(await failures(id)).toBe(4));
    expect(await witness.redis.exists(dead)).toBe(0);
    expect((await pendingIn("gateway-revocation", id))[0]?.[3]).toBe(2);
    await age("gateway-revocation", id);
    await deployment.service("gateway-1").restart();
    await eventually(async () => expect(await witness.redis.xlen(dead)).toBe(1));

    const key = Buffer.from(deployment.secrets.streamsHmacKey, "hex");
    const { entries, unsigned } = await verifiedEntries(witness.redis, key, dead);
    expect(unsigned).toEqual([]);
    const [letter] = entries;
    expect(Object.keys(letter?.fields ?? {}).sort()).toEqual(["_sig", "error", "original_id", "values"]);
    expect(letter?.fields).toMatchObject({ original_id: id, error: "missing session_id" });
    const [source] = toEntries(await witness.redis.xrange(stream, id, id));
    expect(JSON.parse(letter?.fields.values ?? "{}")).toEqual(source?.fields);
    await eventually(async () => expect(await pendingIn("gateway-revocation", id)).toEqual([]));
    expect(await pendingIn("sts-revocation", id)).toHaveLength(1); // the other group keeps its own
    await deployment.service("resource-1").start();
  });
});

describe("groups that are provisioned and read by nobody", () => {
  it("never move, have no consumers, and lag by the whole stream", async () => {
    await witness.redis.xadd("caracal.audit.events", "*", "foo", "bar");
    await eventually(async () =>
      expect(await witness.redis.xlen("caracal.audit.events.dlq")).toBeGreaterThanOrEqual(1),
    );
    for (const [name, group] of [
      ["caracal.audit.events", "siem-export"],
      ["caracal.audit.events.dlq", "audit-dlq-observer"],
      ["caracal.invocations.lifecycle", "invocations-observer"],
      ["caracal.delegations.invalidate", "delegations-observer"],
    ] as const)
      expect([group, await witness.group(name, group)]).toEqual([
        group,
        { pending: 0, lag: await witness.redis.xlen(name), lastDelivered: "0-0", consumers: 0 },
      ]);
  });

  it("stand beside every group of the recording, under the same names", async () => {
    const path = new URL("./fixtures/recorded-incident/before/groups.json", import.meta.url);
    const groups = JSON.parse(readFileSync(path, "utf8")) as Record<string, Record<string, unknown>>;
    for (const [name, byGroup] of Object.entries(groups))
      for (const group of Object.keys(byGroup)) expect(await witness.group(name, group)).toBeDefined();
  });
});

describe("metrics", () => {
  it("have the recorded names and kinds, for every service", async () => {
    for (const [service, name] of [
      ["sts-1", "sts-1"],
      ["gateway-1", "gateway-1"],
      ["audit-1", "audit"],
      ["api-1", "api"],
    ] as const) {
      const answer = await witness.answer(service, "/metrics");
      const wanted = recorded[name]?.metrics;
      expect([service, answer.status]).toEqual([service, wanted?.status]);
      expect(shapeOfText(answer.body)).toEqual(shapeOfText(wanted?.body));
    }
  });

  it("of the coordinator want its token; a status without rows is absent", async () => {
    const wanted = recorded.coordinator?.metrics;
    expect(await witness.answer("coordinator-1", "/metrics")).toEqual(wanted);
    const withToken = (token: string) =>
      witness.answer("coordinator-1", "/metrics", { authorization: `Bearer ${token}` });
    expect((await withToken("wrong")).status).toBe(401);
    const metrics = async () => {
      const answer = await withToken(deployment.secrets.coordinatorToken);
      expect(answer.status).toBe(200);
      return JSON.parse(answer.body) as { outbox: Record<string, number> };
    };
    expect(Object.keys(await metrics())).toEqual(["invocations", "outbox", "ttl_sweeper", "retention_cleaner"]);
    expect((await metrics()).outbox).toEqual({});
    await witness.owner.query(
      "INSERT INTO caracal_outbox (id, producer, topic, dedupe_key, payload_json) VALUES ('c1', 'coordinator', $1, 'once', $2)",
      [stream, { zone_id: "z", session_id: "by-coordinator", reason: "test" }],
    );
    await eventually(async () => expect((await metrics()).outbox).toEqual({ published: 1 }));
    const [entry] = toEntries(await witness.redis.xrevrange(stream, "+", "-", "COUNT", 1));
    expect(entry?.fields).toMatchObject({ session_id: "by-coordinator", outbox_id: "c1", dedupe_key: "once" });
    await witness.owner.query("UPDATE caracal_outbox SET status = 'dead'");
    expect((await metrics()).outbox).toEqual({ dead: 1 });
  });
});
