import { expect, test } from "vitest";
import type { GatewayProof } from "@/server/playbooks/schemas";
import { maxStalledRounds, nextInSeries } from "./publish-series";

const gateway = (replica: string, known: number, verdict: GatewayProof["verdict"] = "missing"): GatewayProof => ({
  replica,
  expected: 200,
  readAt: 0,
  restartedAt: null,
  deniedRevoked: 0,
  known,
  atLeast: known,
  verdict,
  note: "",
});

test("one sid that chance keeps from one of three gateways is published until chance is no explanation", () => {
  const gateways = [gateway("gateway-1", 200, "all"), gateway("gateway-2", 199), gateway("gateway-3", 200, "all")];
  let step = nextInSeries(gateways, { series: 1, stalled: 0, missing: null });
  let rounds = 1;
  while (step.go) step = nextInSeries(gateways, { series: ++rounds, stalled: step.stalled, missing: step.missing });
  expect((2 / 3) ** step.stalled).toBeLessThan(1e-4);
  expect((2 / 3) ** (step.stalled - 1)).toBeGreaterThan(1e-4);
  expect(step.text).toBe("1 missing on gateway-2: no gateway got further in 23 rounds, so publishing again stops");
});

test("the more replicas, the longer a series may get nowhere; the only one must get further at once", () => {
  expect([1, 2, 3, 4].map(maxStalledRounds)).toEqual([2, 14, 23, 33]);
});

test("progress begins the count anew; a series ends when all know, and when only a silent one lacks some", () => {
  const lacking = (known: number) => [gateway("gateway-1", known), gateway("gateway-2", 200, "all")];
  expect(nextInSeries(lacking(150), { series: 9, stalled: 13, missing: 60 })).toMatchObject({ go: true, stalled: 0 });
  expect(nextInSeries(lacking(150), { series: 9, stalled: 13, missing: 50 })).toMatchObject({ go: false, stalled: 14 });
  expect(nextInSeries([gateway("gateway-1", 200, "all")], { series: 1, stalled: 0, missing: 3 }).go).toBe(false);
  expect(nextInSeries([gateway("gateway-1", 12, "silent")], { series: 1, stalled: 0, missing: null }).go).toBe(false);
});
