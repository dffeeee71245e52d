import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gatewayProof, type GatewayReading, remember, rememberBaseline } from "./gateway-count";

const reading = (at: number, revocationsActive: number, requestsTotal = at): GatewayReading => ({
  replica: "gateway-3",
  revocationsActive,
  deniedRevoked: 0,
  requestsTotal,
  at,
  restartedAt: null,
});
const facts = { expected: 200, elsewhere: 0, now: 2_000 };

describe("what a gateway's count tells", () => {
  it("counts from the baseline", () => {
    const memory = remember(rememberBaseline(reading(1_000, 7)), reading(2_000, 205));
    expect(gatewayProof("gateway-3", memory, facts)).toMatchObject({
      known: 198,
      verdict: "missing",
      note: expect.stringContaining("2 missing on gateway-3"),
    });
  });

  it("takes a dropped counter as a restart: its memory was empty then", () => {
    const memory = remember(rememberBaseline(reading(1_000, 150, 90)), reading(2_000, 160, 4));
    expect(gatewayProof("gateway-3", memory, facts)).toMatchObject({
      known: 160,
      verdict: "missing",
      restartedAt: 2_000,
    });
  });

  it("says what it cannot tell when revocations from elsewhere mix in", () => {
    const memory = remember(rememberBaseline(reading(1_000, 0)), reading(2_000, 210));
    expect(gatewayProof("gateway-3", memory, { ...facts, elsewhere: 30 })).toMatchObject({
      known: null,
      atLeast: 180,
      verdict: "cannot-tell",
    });
    expect(gatewayProof("gateway-3", memory, { ...facts, elsewhere: 10 })).toMatchObject({
      known: 200,
      verdict: "all",
    });
  });

  it("keeps the last known value of one that has fallen silent", () => {
    const memory = remember(rememberBaseline(reading(1_000, 0)), reading(2_000, 198));
    expect(gatewayProof("gateway-3", memory, { ...facts, now: 20_000 })).toMatchObject({
      verdict: "silent",
      known: 198,
      note: "2 missing on gateway-3 when it last answered 18 s ago",
    });
    expect(gatewayProof("gateway-3", null, facts)).toMatchObject({ verdict: "silent", known: null });
  });

  it("never claims more than a gateway holds, whatever it forgets, restarts or hears from elsewhere", () => {
    const step = fc.record({ ours: fc.nat(20), others: fc.nat(5), expire: fc.nat(5), restart: fc.boolean() });
    fc.assert(
      fc.property(fc.nat(50), fc.array(step, { maxLength: 20 }), (old, steps) => {
        let [stale, ours, others, elsewhere, requests] = [old, 0, 0, 0, 100];
        let memory = rememberBaseline(reading(1, old, requests));
        steps.forEach((taken, at) => {
          if (taken.restart) [stale, ours, others, requests] = [0, 0, 0, 0];
          stale = Math.max(0, stale - taken.expire);
          ours = Math.min(200, ours + taken.ours);
          others += taken.others;
          elsewhere += taken.others;
          requests += 1;
          memory = remember(memory, reading(at + 2, stale + ours + others, requests));
          const proof = gatewayProof("gateway-3", memory, { expected: 200, elsewhere, now: at + 2 });
          expect(proof.atLeast ?? 0).toBeLessThanOrEqual(ours);
          if (proof.verdict === "all") expect(ours).toBe(200);
        });
      }),
    );
  });
});
