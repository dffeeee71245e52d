import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type DoctorStage, found, key, openDoctorStage } from "@/sandbox/doctor-stage/stage";
import { revocationStream } from "@/server/caracal/streams/expected-streams";

let on: DoctorStage;
beforeAll(async () => {
  on = await openDoctorStage();
});
beforeEach(() => on.begin());
afterEach(() => on.end());
afterAll(() => on?.close());

describe("the doctor, of Redis", () => {
  it("says that Redis is away, leaves out what hangs on it, and tells the rest", async () => {
    await on.redis.stop();
    try {
      const findings = await on.examine();
      expect(found(findings, "redis")).toMatchObject([
        { status: "fail", found: expect.stringContaining("ECONNREFUSED") },
      ]);
      for (const name of ["streams", "groups", "stream key"])
        expect(found(findings, name)).toMatchObject([{ status: "skipped" }]);
      expect(findings[0]?.status).toBe("fail");
      expect(found(findings, "grants")).toMatchObject([{ status: "ok" }]);
    } finally {
      await on.redis.start();
      await expect.poll(() => on.client.status, { timeout: 10_000 }).toBe("ready");
    }
  });

  it("names a missing group and who reads it; a group nobody reads is only a warning", async () => {
    await on.client.xgroup("DESTROY", "caracal.keys.invalidate", "sts-keys");
    await on.client.xgroup("DESTROY", "caracal.audit.events", "siem-export");
    expect(found(await on.examine(), "groups")).toMatchObject([
      { status: "fail", found: "Group sts-keys is missing on caracal.keys.invalidate: no sts reads that stream." },
      { status: "warn", found: "Group siem-export is missing on caracal.audit.events." },
    ]);
    await on.client.del("caracal.policy.invalidate");
    expect(found(await on.examine(), "streams")).toMatchObject([
      { status: "fail", found: "caracal.policy.invalidate does not exist." },
    ]);
  });

  it("names the stream whose newest entries our key does not verify", async () => {
    for (let entry = 0; entry < 10; entry += 1) await on.publish("cd".repeat(32)); // one alone proves nothing
    const findings = await on.examine();
    expect(found(findings, "stream key")).toMatchObject([
      { status: "fail", found: expect.stringContaining(revocationStream) },
    ]);
    expect(JSON.stringify(findings)).not.toContain(key);
  });

  it("warns of clocks apart, of eviction, and of what no setting lists", async () => {
    await on.client.config("SET", "maxmemory-policy", "allkeys-lru");
    try {
      const changed = { CARACAL_AUDIT_URLS: "", STREAMS_HMAC_KEY: "" };
      const findings = await on.examine(changed, () => Date.now() - 7_000);
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
      await on.client.config("SET", "maxmemory-policy", "noeviction");
    }
  });

  it("says it when Redis lets nobody ask for its settings", async () => {
    await on.client.call("ACL", "SETUSER", "shy", "on", ">shy-password", "~*", "+@all", "-config", "-info");
    const shy = new URL(on.redis.url);
    shy.username = "shy";
    shy.password = "shy-password";
    const findings = await on.examine({ CARACAL_REDIS_URL: shy.toString() });
    expect(found(findings, "eviction")).toMatchObject([
      { status: "warn", found: expect.stringContaining("cannot be told") },
    ]);
    expect(found(findings, "groups")).toMatchObject([{ status: "ok" }]);
  });
});
