import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { agreed } from "@/sandbox/agreed";
import { openRestarts, refusal, type Restarts } from "@/sandbox/service-stage/restarts";
import { stsMetrics } from "@/sandbox/service-stage/stage";
import { cancelRestart } from "@/server/services/restarts/cancel-restart";
import { getRestartOrder } from "@/server/services/restarts/get-order";
import { restartServiceAction } from "@/server/services/restarts/restart-service.action";
import { advanceOneRestart } from "@/server/services/restarts/restart-worker";

let on: Restarts;
beforeAll(async () => {
  on = await openRestarts();
});
beforeEach(() => on.begin());
afterEach(() => on.end());
afterAll(() => on?.close());

describe("a whole service, as two people agree on it", () => {
  const approved = async (given: ReturnType<Restarts["ctx"]>) => {
    const action = restartServiceAction(given);
    const stored = await agreed(on.stage.owner, action, { kind: "sts" }, on.stage.actor);
    expect(await action.recheck(stored)).toBeNull();
    await on.stage.db.transaction((tx) => action.start(tx, stored, on.stage.actor));
    const rows = await on.stage.db.query<{ id: string }>(
      "SELECT id FROM service_restarts WHERE approval_id = $1 ORDER BY place",
      [stored.approvalId],
    );
    return { action, stored, ids: rows.map(({ id }) => id) };
  };

  test("one after another, the next when the one before is ready again", async () => {
    const given = on.ctx();
    on.onRestart(async (replica) => {
      expect(on.replicas().filter(({ id, ready }) => id !== replica.id && id.startsWith("sts") && ready)).toHaveLength(
        1,
      );
      await replica.down();
      await replica.up();
      replica.metrics = stsMetrics({ eval_total: 0 });
      replica.ready = false;
    });
    const { ids } = await approved(given);
    await on.work(ids[0] ?? "", given, 4);
    expect(on.ran()).toEqual(["sts-1"]);
    on.at("sts-1").ready = true;
    expect((await on.work(ids[0] ?? "", given)).state).toBe("proved");
    await on.work(ids[1] ?? "", given, 3);
    on.at("sts-2").ready = true;
    expect((await on.work(ids[1] ?? "", given)).state).toBe("proved");
    expect(on.ran()).toEqual(["sts-1", "sts-2"]);
  });

  test("by hand: what each says before is read when its turn comes", async () => {
    const manual = on.ctx(on.runtime({ acts: false, kind: "manual" }));
    const { ids } = await approved(manual);
    await on.work(ids[0] ?? "", manual, 2);
    expect((await on.row(ids[0] ?? "")).before).toMatchObject({ "sts-1": { ready: true } });
    expect((await on.row(ids[1] ?? "")).before).toEqual({});
  });

  test("one that does not come back ends it: the others are left alone", async () => {
    const given = on.ctx();
    on.onRestart((replica) => replica.down());
    const { ids } = await approved(given);
    await on.work(ids[0] ?? "", given, 2);
    await on.secondsLater(200);
    await advanceOneRestart(given);
    expect((await on.row(ids[0] ?? "")).state).toBe("failed");
    expect(await on.row(ids[1] ?? "")).toMatchObject({
      state: "cancelled",
      note: expect.stringContaining("left alone"),
    });
    await on.work(ids[1] ?? "", given, 2);
    expect(on.ran()).toEqual(["sts-1"]);
  });

  test("what is agreed on names a spool that would be lost, and other settings void it", async () => {
    on.at("sts-2").metrics = stsMetrics({ pending: 4 });
    const given = on.ctx(on.runtime({ keepsFiles: false }));
    const action = restartServiceAction(given);
    const frozen = await action.freeze({ kind: "sts" });
    expect(frozen.blast.sentence).toContain("sts-2 holds 4");
    expect(frozen.targets).toEqual(["sts-1: sts-1", "sts-2: sts-2"]);
    const stored = await agreed(on.stage.owner, action, { kind: "sts" }, on.stage.actor);
    const other = on.ctx(on.runtime({ placeOf: (replica) => ({ target: `other-${replica}`, replicas: [replica] }) }));
    expect(await restartServiceAction(other).recheck(stored)).toContain("other targets");
    expect(await refusal(action.freeze({ kind: "postgres" }))).toMatch(/^bad_input/);
  });

  test("given up by a person before its turn: those after it are too, and what was executed has its result", async () => {
    const manual = on.ctx(on.runtime({ acts: false, kind: "manual" }));
    const { ids, stored } = await approved(manual);
    const orderId = (await on.row(ids[0] ?? "")).order_id;
    await cancelRestart({ ctx: manual, input: { restartId: ids[0] ?? "", reason: "Mended without" } });
    const order = await getRestartOrder({ ctx: manual, input: { orderId } });
    expect(order).toMatchObject({ approvalId: stored.approvalId, reason: stored.reason });
    expect(order.restarts.map(({ state, sentence }) => [state, sentence])).toEqual([
      ["cancelled", expect.stringMatching(/^sts-1: not restarted\. .* cancelled it\.$/)],
      ["cancelled", "sts-2: not restarted. The restart of sts-1 before it was cancelled."],
    ]);
    const [result] = await on.stage.db.query<{ summary: string }>(
      "SELECT summary FROM timeline_entries WHERE kind = 'approval.result' AND details->'refs'->>'approval' = $1",
      [stored.approvalId],
    );
    expect(result?.summary).toMatch(/^Executed: sts-1: not restarted/);
  });

  test("where its order can be watched is what an execution names", async () => {
    const given = on.ctx();
    const action = restartServiceAction(given);
    const stored = await agreed(on.stage.owner, action, { kind: "sts" }, on.stage.actor);
    const ref = await on.stage.db.transaction((tx) => action.start(tx, stored, on.stage.actor));
    const order = await getRestartOrder({ ctx: given, input: { orderId: ref.replace("restart:", "") } });
    expect(order.restarts.map(({ replicas }) => replicas)).toEqual([["sts-1"], ["sts-2"]]);
  });
});
