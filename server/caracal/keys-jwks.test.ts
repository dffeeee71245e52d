import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { judgeJwks, readJwksAnswer, type JwksAnswer, type Readiness } from "./keys-jwks";

type Recorded = Record<string, Record<string, { status: number; body: string } | "connection refused">>;
const kids = ["28fb979e-0e07-4578-bf56-6a25ae63981e", "5fcab04a-236a-44bf-85ed-738b5627dead"];

const recorded = (state: string): Recorded =>
  JSON.parse(readFileSync(new URL(`../../sandbox/fixtures/services/${state}.json`, import.meta.url), "utf8"));

async function of(state: string, replica: string): Promise<{ answer: JwksAnswer; readiness: Readiness }> {
  const given = (path: string) => {
    const one = recorded(state)[replica]?.[path];
    return one === undefined || one === "connection refused" ? { failed: "connection refused" } : one;
  };
  const ready = given("ready");
  return {
    answer: await readJwksAnswer(given(".well-known/jwks.json")),
    readiness: "failed" in ready ? null : { ready: ready.status === 200, reason: ready.body.trim() || null },
  };
}

describe("what STS replicas serve, as recorded from the running services", () => {
  it.each(["all-up", "redis-down", "redis-back"])("%s: both replicas serve the two newest rows", async (state) => {
    for (const replica of ["sts-1", "sts-2"]) {
      const { answer, readiness } = await of(state, replica);
      expect(answer.status).toBe(200);
      expect(judgeJwks(kids, answer, readiness)).toEqual({ agrees: true, reason: null });
    }
  });

  it("thumbprints are those of RFC 7638", async () => {
    const { answer } = await of("all-up", "sts-1");
    expect(answer.keys?.map((key) => key.kid)).toEqual(kids);
    const required = `{"crv":"P-256","kty":"EC","x":"Dijf4xU_56L-YNON6F2rCuTldPIG0IOOX2tybdwafb8","y":"4D6ChNuxIIAxOUInIXTyk5Ru9Bv8tAPxqhamqgqmJ6M"}`;
    expect(answer.keys?.[0]?.thumbprint).toBe(createHash("sha256").update(required).digest("base64url"));
  });

  it("another KEK: ready, and only the JWKS tells", async () => {
    const { answer, readiness } = await of("sts-2-on-another-kek", "sts-2");
    expect(readiness?.ready).toBe(true);
    const verdict = judgeJwks(kids, answer, readiness);
    expect(verdict.agrees).toBe(false);
    expect(verdict.reason).toContain("another ZONE_KEK");
    const other = await of("sts-2-on-another-kek", "sts-1");
    expect(judgeJwks(kids, other.answer, other.readiness).agrees).toBe(true);
  });

  it("Postgres away: 404 says nothing about keys", async () => {
    for (const replica of ["sts-1", "sts-2"]) {
      const { answer, readiness } = await of("postgres-down", replica);
      expect(answer.status).toBe(404);
      const verdict = judgeJwks(kids, answer, readiness);
      expect(verdict.agrees).toBeNull();
      expect(verdict.reason).toContain("postgres unreachable");
    }
  });
});

describe("agreement with the two newest rows", () => {
  const serves = (...served: string[]): JwksAnswer => ({
    status: 200,
    keys: served.map((kid) => ({ kid, thumbprint: kid })),
    reason: null,
  });
  const ready: Readiness = { ready: true, reason: null };

  it("names a row that is left out and a row that is still served", () => {
    expect(judgeJwks(["c", "b", "a"], serves("c", "b"), null).agrees).toBe(true);
    expect(judgeJwks(["c", "b", "a"], serves("b", "c"), null).agrees).toBe(true);
    expect(judgeJwks(["c", "b", "a"], serves("b"), null)).toMatchObject({
      agrees: false,
      reason: expect.stringContaining("leaves out c"),
    });
    expect(judgeJwks(["c", "b", "a"], serves("b", "a"), null).reason).toMatch(/leaves out c.*still serves a/);
    expect(judgeJwks([], serves("a"), null).agrees).toBe(false);
  });

  it("reads a 404 with the rows and the replica's readiness", () => {
    const none: JwksAnswer = { status: 404, keys: null, reason: "zone signing key not found" };
    expect(judgeJwks([], none, ready).agrees).toBe(true);
    expect(judgeJwks(["a"], none, ready).agrees).toBe(false);
    expect(judgeJwks(["a"], none, null).agrees).toBeNull();
    expect(judgeJwks([], none, { ready: false, reason: "postgres unreachable: x" }).agrees).toBeNull();
  });

  it("never takes silence or nonsense for agreement", async () => {
    expect(judgeJwks(["a"], await readJwksAnswer({ failed: "connection refused" }), null)).toEqual({
      agrees: null,
      reason: "connection refused",
    });
    for (const body of [
      "",
      "<html>",
      "{}",
      '{"keys":[{"kid":1}]}',
      '{"keys":"x"}',
      '{"keys":[{"kid":"a","kty":"RSA"}]}',
    ]) {
      const answer = await readJwksAnswer({ status: 200, body });
      expect(answer.keys).toBeNull();
      expect(judgeJwks(["a"], answer, ready).agrees).toBeNull();
    }
  });
});
