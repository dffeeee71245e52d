import { expect, test } from "vitest";
import type { Seen } from "@/server/services/restarts/restart-rows";
import type { Asked } from "@/server/services/restarts/standing-now";
import { isRestarted, noteRestart } from "@/server/services/restarts/watch-replicas";

const before = { "api-1": { ready: true, reachable: true, metrics: null } };
const looked = (answers: boolean): Asked => ({
  address: { id: "api-1", kind: "api", url: "http://127.0.0.1:1" },
  reading: {
    reachable: answers,
    ready: answers,
    readyReason: answers ? null : "no answer within 2 s",
    healthy: answers,
    healthReason: null,
    metricsStatus: "none",
    metrics: null,
    refused: false,
  },
});
const after = (looks: readonly boolean[]) =>
  looks.reduce<Readonly<Record<string, Seen>>>(
    (seen, answers, at) => noteRestart(seen, before, [looked(answers)], `t${at}`),
    {},
  );

test("a single missed look is no restart, however often; two in a row are", () => {
  expect(isRestarted(after([false, true]), ["api-1"])).toBe(false);
  expect(isRestarted(after([false, true, false, true]), ["api-1"])).toBe(false);
  expect(isRestarted(after([false, false, true]), ["api-1"])).toBe(true);
  expect(after([true, false, false, true])["api-1"]).toMatchObject({ awayAt: "t1", missedAt: null, readyAt: "t3" });
});
