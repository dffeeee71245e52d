import { generateKeyPairSync } from "node:crypto";
import { decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seal } from "@/sandbox/encoding/seal";
import { uuidV7 } from "@/sandbox/encoding/uuid-v7";
import { seededSecret } from "@/sandbox/services/shared/client-secret";
import { eventually, openWitness, type Witness } from "@/sandbox/stand-in-witness";
import { type Deployment, startDeployment } from "@/sandbox/supervisor/deployment";

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

const both = ["sts-1", "sts-2"] as const;
const zone = () => {
  const [first] = deployment.seeded.zones;
  if (first === undefined) throw new RangeError("no zone was seeded");
  return first;
};
const mint = (service: string, extra: Record<string, string> = {}) =>
  witness.mint(service, 0, { client_secret: seededSecret(zone().applications[0] ?? ""), ...extra });
const statuses = async () => (await Promise.all(both.map((name) => mint(name)))).map(({ status }) => status);
const readBy = (stream: string, group: string, id: string) =>
  eventually(async () =>
    expect(await witness.group(stream, group)).toMatchObject({ lastDelivered: id, pending: 0, lag: 0 }),
  );
const numbers = async (service: string) =>
  JSON.parse((await witness.answer(service, "/metrics")).body) as Record<string, number>;

describe("two replicas of a service that share one group", () => {
  it("split revocations: each gateway knows its own share, in memory only", async () => {
    const sids = Array.from({ length: 40 }, (_, n) => `split-${n}`);
    const gateways = ["gateway-1", "gateway-2"];
    let last = "";
    for (const session_id of sids) {
      last = await witness.publish("caracal.sessions.revoke", { zone_id: "z", session_id, reason: "test" });
      await readBy("caracal.sessions.revoke", "gateway-revocation", last);
    }
    const known = async () =>
      Promise.all(gateways.map(async (name) => (await numbers(name)).revocations_active ?? Number.NaN));
    const [one = 0, two = 0] = await known();
    const heard = await witness.redis.xlen("caracal.sessions.revoke"); // each sid once
    expect(one + two).toBe(heard);
    for (const share of [one, two]) {
      expect(share).toBeGreaterThan(0);
      expect(share).toBeLessThan(heard);
    }
    await deployment.service("gateway-1").restart();
    expect(await known()).toEqual([0, two]);
  });

  it("leave a key for 24 hours per revoked session where a resource server listens", async () => {
    const id = await witness.publish("caracal.sessions.revoke", { zone_id: "z", session_id: "kept", reason: "test" });
    await readBy("caracal.sessions.revoke", "resource-revocation", id);
    expect(await witness.redis.get("caracal:revoked:sessions:kept")).toBe("1");
    const seconds = await witness.redis.ttl("caracal:revoked:sessions:kept");
    expect(seconds).toBeGreaterThan(86_390);
    expect(seconds).toBeLessThanOrEqual(86_400);
  });

  it("go on signing with the old key, and taking its mandates, on the one that missed keys.invalidate", async () => {
    const old = await Promise.all(both.map((name) => mint(name, { use: "ambient" })));
    const kid = uuidV7();
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = privateKey.export({ type: "sec1", format: "pem" });
    const sealed = seal(Buffer.from(deployment.secrets.zoneKek, "hex"), Buffer.from(pem));
    await witness.owner.query(
      `INSERT INTO secrets (id, zone_id, entity_id, name, type, ciphertext, nonce, dek_id, version)
       SELECT $1, zone_id, entity_id, name, type, $2, $3, dek_id, version + 1 FROM secrets
       WHERE zone_id = $4 AND name = 'zone_signing_key' ORDER BY version DESC LIMIT 1`,
      [kid, sealed.ciphertext, sealed.nonce, zone().id],
    );
    const id = await witness.publish("caracal.keys.invalidate", { zone_id: zone().id, reason: "rotation" });
    await readBy("caracal.keys.invalidate", "sts-keys", id);
    const kidOf = async (name: string) => decodeProtectedHeader((await mint(name)).token).kid;
    const signing = await Promise.all(both.map(kidOf));
    const previous = zone().signingKeys.at(-1);
    expect([...signing].sort()).toEqual([previous, kid].sort());
    const taken = await Promise.all(both.map((name, n) => mint(name, { subject_token: old[n]?.token ?? "" })));
    expect(taken.map(({ status }) => status)).toEqual(signing.map((used) => (used === kid ? 401 : 200)));
    for (const name of both) {
      const { keys } = JSON.parse((await witness.answer(name, `/.well-known/jwks.json?zone_id=${zone().id}`)).body) as {
        keys: { kid: string }[];
      };
      expect(keys.map((key) => key.kid)).toEqual([kid, previous]); // the JWKS is read anew on both
    }
    // the cure: one by one until every live consumer has been delivered one
    await eventually(async () => {
      const again = await witness.publish("caracal.keys.invalidate", { zone_id: zone().id });
      await readBy("caracal.keys.invalidate", "sts-keys", again);
      expect(await Promise.all(both.map(kidOf))).toEqual([kid, kid]);
    });
  });

  it("freeze a zone on the one that heard policy.invalidate alone; polling thaws both without a message", async () => {
    const set = (version: string | null) =>
      witness.owner.query("UPDATE policy_set_bindings SET active_version_id = $2 WHERE zone_id = $1", [
        zone().id,
        version,
      ]);
    for (const name of both) await deployment.service(name).restart(); // the next poll is a minute away
    await eventually(async () => expect(await statuses()).toEqual([200, 200]));
    await set(null);
    const fields = { zone_id: zone().id, policy_set_id: "p", policy_set_version_id: "v" };
    const id = await witness.publish("caracal.policy.invalidate", fields);
    await readBy("caracal.policy.invalidate", "opa-engine", id);
    expect((await statuses()).sort()).toEqual([200, 403]);
    for (const name of both) await deployment.service(name).restart({ OPA_POLL_SECONDS: "1" });
    await eventually(async () => expect(await statuses()).toEqual([403, 403]));
    await set(zone().policyVersion);
    await eventually(async () => expect(await statuses()).toEqual([200, 200]));
  });
});
