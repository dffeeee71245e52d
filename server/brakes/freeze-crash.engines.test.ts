import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type BrakeStage, bindingsBefore, nothingBound, openBrakeStage } from "@/sandbox/brake-stage/stage";
import { advanceFreeze } from "@/server/brakes/advance-freeze";
import { thawZone } from "@/server/brakes/thaw-zone";
import { nullBindings, restoreBindings } from "@/server/caracal/brakes/policy-bindings";

let stage: BrakeStage;
let zoneId: string;

beforeAll(async () => {
  stage = await openBrakeStage();
});
beforeEach(async () => {
  zoneId = await stage.newZone();
});
afterEach(() => stage.rest());
afterAll(() => stage.close());

describe("a crash", () => {
  test("before any statement of the freeze: a successor freezes, and the old values are whole", async () => {
    for (let n = 1; n <= 12; n++) {
      const freezeId = await stage.order(await stage.approved(zoneId));
      await advanceFreeze(stage.dyingAt(n), await stage.load(freezeId)).catch(() => undefined);
      await advanceFreeze(stage.ctx, await stage.load(freezeId));
      const freeze = await stage.load(freezeId);
      expect(freeze.nulled_at, `killed at statement ${n}`).not.toBeNull();
      expect(freeze.before).toEqual(bindingsBefore);
      expect(await stage.bindings(zoneId)).toEqual(nothingBound);
      await thawZone({ ctx: { db: stage.ctx.db, actor: stage.remy }, input: { freezeId, reason: "Next" } });
      await advanceFreeze(stage.dyingAt(n), await stage.load(freezeId)).catch(() => undefined);
      await advanceFreeze(stage.ctx, await stage.load(freezeId));
      expect(await stage.bindings(zoneId), `thaw killed at statement ${n}`).toEqual(bindingsBefore);
      await stage.owner.query("UPDATE zone_freezes SET state = 'thawed' WHERE id = $1", [freezeId]);
    }
  });

  test("a worker with a row from before the recording does not write nulls over the old values", async () => {
    const freezeId = await stage.order(await stage.approved(zoneId));
    const stale = await stage.load(freezeId);
    await expect(advanceFreeze(stage.dyingAt(4), await stage.load(freezeId))).rejects.toThrow("killed"); // recorded and nulled, not yet said
    expect(await stage.bindings(zoneId)).toEqual(nothingBound);
    await advanceFreeze(stage.ctx, stale);
    expect((await stage.load(freezeId)).before).toEqual(bindingsBefore);
    await advanceFreeze(stage.ctx, await stage.load(freezeId));
    expect((await stage.load(freezeId)).nulled_at).not.toBeNull();
    await thawZone({ ctx: { db: stage.ctx.db, actor: stage.remy }, input: { freezeId, reason: "Over" } });
    await advanceFreeze(stage.ctx, await stage.load(freezeId));
    expect(await stage.bindings(zoneId)).toEqual(bindingsBefore);
  });

  test("a worker that slept through the thaw takes nothing again", async () => {
    await nullBindings(
      stage.ctx.caracal.db,
      zoneId,
      [bindingsBefore[0] ?? { policySetId: "", versionId: null }],
      "fence-1",
    );
    await restoreBindings(stage.ctx.caracal.db, zoneId, bindingsBefore, "fence-1");
    await nullBindings(
      stage.ctx.caracal.db,
      zoneId,
      bindingsBefore.filter(({ versionId }) => versionId !== null),
      "fence-1",
    );
    expect(await stage.bindings(zoneId)).toEqual(bindingsBefore);
  });
});
