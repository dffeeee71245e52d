import { describe, expect, it } from "vitest";
import type { ReplicaJwks } from "@/server/keys/schemas";
import { agreementOf, servedBy } from "./agreement";

const newest = {
  kid: "k2",
  version: 2,
  createdAt: "2026-11-01T00:00:00Z",
  sealFingerprint: "ab",
  place: "signs",
} as const;
const replica = (change: Partial<ReplicaJwks>): ReplicaJwks => ({
  replica: "sts-1",
  status: 200,
  keys: [{ kid: "k2", thumbprint: "thumb" }],
  agrees: true,
  reason: null,
  ...change,
});

describe("agreement of the STS replicas", () => {
  it("names the replica that disagrees and why", () => {
    const bad = replica({ replica: "sts-2", agrees: false, keys: [], reason: "signing key decryption failed" });
    const answer = agreementOf({ versions: [newest], jwks: [replica({}), bad] });
    expect(answer.tone).toBe("bad");
    expect(answer.sentence).toContain("sts-2 does not serve the two newest keys");
    expect(answer.sentence).toContain("signing key decryption failed");
  });
  it("does not call a silent replica in agreement", () => {
    const silent = replica({ replica: "sts-2", agrees: null, keys: [], reason: "no answer within 2 s" });
    expect(agreementOf({ versions: [newest], jwks: [replica({}), silent] })).toEqual({
      tone: "unknown",
      sentence: "Cannot be told for sts-2 (no answer within 2 s).",
    });
  });
  it("says so when a zone has no key and when no STS is known", () => {
    expect(agreementOf({ versions: [], jwks: [] }).sentence).toContain("no signing key");
    expect(agreementOf({ versions: [newest], jwks: [] }).sentence).toContain("No STS address");
    expect(agreementOf({ versions: [newest], jwks: [replica({})] }).tone).toBe("ok");
  });
});

describe("one version at one replica", () => {
  it("tells served, not served, rightly absent and unknown apart", () => {
    expect(servedBy(replica({}), newest)).toEqual({ served: true, text: "thumb" });
    expect(servedBy(replica({ keys: [] }), newest)).toEqual({ served: false, text: "not served" });
    expect(servedBy(replica({ keys: [] }), { ...newest, place: "old" }).text).toContain("as it should be");
    expect(servedBy(replica({ keys: [], agrees: null, reason: "refused" }), newest)).toEqual({
      served: null,
      text: "refused",
    });
  });
});
