import { describe, expect, it } from "vitest";
import { type KeyExposureFacts, keyExposure, verifierCacheMs } from "./exposure";
import { judgeSpools, rememberSpools } from "./judge-spools";

const now = Date.UTC(2026, 10, 24, 3, 0, 0);
const nothing: KeyExposureFacts = {
  now,
  kekKnown: true,
  reEncryptedAt: null,
  rotatedAt: null,
  writtenAt: null,
  undelivered: 0,
  liveBefore: 12,
  latestExpiry: now + 3_600_000,
  keyDestroyed: false,
  grants: 3,
};
const ids = (change: Partial<KeyExposureFacts>) => keyExposure({ ...nothing, ...change }).map(({ id }) => id);

describe("what an attacker can still do", () => {
  it("everything, before anything is done", () => {
    expect(ids({})).toEqual(["read-seals", "forge-per-call", "forge-ambient", "live-mandates", "provider-tokens"]);
    expect(ids({ kekKnown: false })).toEqual(["forge-per-call", "forge-ambient", "live-mandates"]);
  });

  it("re-encrypting alone takes nothing from who copied the signing keys", () => {
    expect(ids({ reEncryptedAt: now })).toContain("forge-per-call");
    expect(ids({ reEncryptedAt: now })).not.toContain("read-seals");
  });

  it("after the rotation only caches and sessions are left, each with its end", () => {
    const rotated = { reEncryptedAt: now, rotatedAt: now - 60_000, writtenAt: now - 90_000 };
    expect(ids({ ...rotated, liveBefore: 0 })).toEqual([
      "old-copies",
      "verifier-caches",
      "per-call",
      "provider-tokens",
    ]);
    const caches = keyExposure({ ...nothing, ...rotated }).find(({ id }) => id === "verifier-caches");
    expect(caches?.until).toBe(now - 60_000 + verifierCacheMs);
    expect(ids({ ...rotated, undelivered: 2 })).toContain("sts-cache");
    expect(ids({ ...rotated, rotatedAt: now - verifierCacheMs, liveBefore: 0, keyDestroyed: true, grants: 0 })).toEqual(
      [],
    );
  });

  it("what cannot be told is never taken for nothing", () => {
    expect(ids({ liveBefore: null })).toContain("live-unknown");
    expect(ids({ grants: null })).toContain("provider-tokens");
  });
});

describe("audit spools", () => {
  const spool = (pending: number | null, replayed: number | null) => [{ replica: "sts-1", pending, replayed }];

  it("a restart's zero proves nothing; what was replayed does", () => {
    const baseline = rememberSpools(rememberSpools({}, spool(10, 0)), spool(0, 0));
    expect(baseline).toEqual({ "sts-1": 10 });
    expect(judgeSpools(baseline, spool(10, 0))).toMatchObject({
      done: false,
      sentence: expect.stringContaining("holds 10"),
    });
    expect(judgeSpools(baseline, spool(0, 0))).toMatchObject({
      done: false,
      sentence: expect.stringContaining("replayed 0 of the 10"),
    });
    expect(judgeSpools(baseline, spool(0, 10)).done).toBe(true);
  });

  it("silence is neither", () => {
    expect(judgeSpools({}, spool(null, null)).done).toBeNull();
    expect(judgeSpools({}, []).done).toBeNull();
    expect(judgeSpools(rememberSpools({}, spool(0, 0)), spool(0, 0)).done).toBe(true);
    expect(rememberSpools({ "sts-1": 4 }, spool(null, null))).toEqual({ "sts-1": 4 });
  });

  it("a replica that did not answer at first and then says 0 proves nothing: its restart would say the same", () => {
    const silentFirst = rememberSpools(rememberSpools({}, spool(null, null)), spool(0, 0));
    expect(silentFirst).toEqual({ "sts-1": null });
    expect(judgeSpools(silentFirst, spool(0, 0))).toMatchObject({
      done: null,
      sentence: expect.stringContaining("what waited before cannot be told"),
    });
    const seenLater = rememberSpools(silentFirst, spool(3, 0));
    expect(judgeSpools(seenLater, spool(0, 2)).done).toBe(false);
    expect(judgeSpools(seenLater, spool(0, 3)).done).toBe(true);
  });
});
