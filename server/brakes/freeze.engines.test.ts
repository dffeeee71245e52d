import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type BrakeStage,
  bindingsBefore,
  nothingBound,
  openBrakeStage,
  policyStream,
} from "@/sandbox/brake-stage/stage";
import { advanceFreeze } from "@/server/brakes/advance-freeze";
import { listFreezes } from "@/server/brakes/freeze-view";
import { freezeZoneAction } from "@/server/brakes/freeze-zone.action";
import { thawZone } from "@/server/brakes/thaw-zone";
import { checkStreamSignature } from "@/server/caracal/stream-signature";

let stage: BrakeStage;
let zoneId: string;
const soon = { timeout: 15_000, interval: 50 };

beforeAll(async () => {
  stage = await openBrakeStage();
});
beforeEach(async () => {
  zoneId = await stage.newZone();
});
afterEach(() => stage.rest());
afterAll(() => stage.close());

describe("freeze and thaw", () => {
  test("both STS are handed a message, one by one, signed; a colleague's thaw puts back exactly what was", async () => {
    await stage.reader("sts-a-1-policy");
    await stage.reader("sts-b-2-policy");
    const freezeId = await stage.order(await stage.approved(zoneId));
    stage.work();
    await expect.poll(stage.state(freezeId), soon).toBe("frozen");
    expect(await stage.bindings(zoneId)).toEqual(nothingBound);
    const view = await stage.see(freezeId);
    expect(view.replicas.map(({ replica }) => replica).sort()).toEqual(["sts-a-1-policy", "sts-b-2-policy"]);
    expect(view.replicas.every(({ deliveredAt }) => deliveredAt !== null)).toBe(true);
    expect(view.bindings).toEqual(
      bindingsBefore.map(({ policySetId, versionId }) => ({ policySetId, version: versionId })),
    );
    const [[, flat] = ["", []]] = (await stage.ctx.caracal.redis.xrevrange(policyStream, "+", "-", "COUNT", 1)) as [
      string,
      string[],
    ][];
    const fields = Object.fromEntries(flat.flatMap((value, at) => (at % 2 === 0 ? [[value, flat[at + 1] ?? ""]] : [])));
    expect(fields.zone_id).toBe(zoneId);
    expect(checkStreamSignature(stage.key, policyStream, fields)).toBe("valid");

    await thawZone({ ctx: { db: stage.ctx.db, actor: stage.remy }, input: { freezeId, reason: "Contained" } });
    await expect(
      thawZone({ ctx: { db: stage.ctx.db, actor: stage.dana }, input: { freezeId, reason: "Me too" } }),
    ).rejects.toMatchObject({ code: "conflict" });
    await expect.poll(stage.state(freezeId), soon).toBe("thawed");
    expect(await stage.bindings(zoneId)).toEqual(bindingsBefore);
    const results = await stage.ctx.db.query(
      "SELECT 1 FROM timeline_entries WHERE kind = 'approval.result' AND details->'refs'->>'approval' = $1",
      [view.approvalId],
    );
    expect(results).toHaveLength(1);
    const kinds = await stage.ctx.db.query<{ kind: string }>(
      "SELECT kind FROM timeline_entries WHERE details->'refs'->>'freeze' = $1 ORDER BY seq",
      [freezeId],
    );
    expect(kinds.map(({ kind }) => kind)).toEqual([
      "brake.freeze-ordered",
      "brake.bindings-taken",
      "brake.frozen",
      "brake.thaw-ordered",
      "brake.bindings-restored",
      "brake.thawed",
    ]);
  });

  test("an STS that is deaf to the message is proved by its poll alone, and says until when", async () => {
    await stage.reader("sts-a-1-policy");
    const freezeId = await stage.order(await stage.approved(zoneId));
    stage.work();
    await expect
      .poll(
        async () => (await stage.see(freezeId)).replicas.filter(({ deliveredAt }) => deliveredAt !== null).length,
        soon,
      )
      .toBe(1);
    const waiting = await stage.see(freezeId);
    expect(waiting.state).toBe("freezing");
    expect(waiting.replicas.find(({ deliveredAt }) => deliveredAt === null)?.pollBy).not.toBeNull();
    await stage.stopWorkers();
    await stage.owner.query("UPDATE zone_freezes SET nulled_at = nulled_at - interval '70 seconds' WHERE id = $1", [
      freezeId,
    ]);
    stage.work({ ...stage.ctx, pollSeconds: 60 });
    await expect.poll(stage.state(freezeId), soon).toBe("frozen");
    const proved = await stage.see(freezeId);
    expect(
      proved.replicas.map(({ deliveredAt, polledAt }) => [deliveredAt !== null, polledAt !== null]).sort(),
    ).toEqual([
      [false, true],
      [true, true],
    ]);
  });

  test("Redis away: the bindings are taken all the same, what is missing is said, and it goes on by itself", async () => {
    const freezeId = await stage.order(await stage.approved(zoneId));
    await stage.redis.pause();
    stage.work();
    await expect.poll(async () => (await stage.see(freezeId)).nulledAt, soon).not.toBeNull();
    expect(await stage.bindings(zoneId)).toEqual(nothingBound);
    await stage.redis.resume();
    await stage.reader("sts-a-1-policy");
    await stage.reader("sts-b-2-policy");
    await expect.poll(stage.state(freezeId), soon).toBe("frozen");
  });
});

describe("what changes meanwhile", () => {
  test("a changed binding voids the approval; nothing is frozen twice; a zone that mints nothing is not frozen", async () => {
    const stored = await stage.approved(zoneId);
    const action = freezeZoneAction(stage.ctx);
    expect(await action.recheck(stored)).toBeNull();
    await stage.caracalOwner.query(
      "UPDATE policy_set_bindings SET active_version_id = 'version-8' WHERE zone_id = $1 AND policy_set_id = 'set-a'",
      [zoneId],
    );
    expect(await action.recheck(stored)).toBe("Policy bindings have changed since: set-a.");
    const [one, two] = [await stage.approved(zoneId), await stage.approved(zoneId)];
    const answers = await Promise.allSettled([stage.order(one), stage.order(two)]);
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await expect(action.freeze({ zoneId })).rejects.toMatchObject({ code: "conflict" });
    const other = randomUUID();
    await stage.caracalOwner.query(
      "INSERT INTO zones (id, org_id, name, slug, dek_ciphertext) VALUES ($1, 'o', 'Idle', $1, '\\x00')",
      [other],
    );
    await expect(action.freeze({ zoneId: other })).rejects.toMatchObject({ code: "precondition_failed" });
    await expect(action.freeze({ zoneId: "nowhere" })).rejects.toMatchObject({ code: "not_found" });
    await expect(action.freeze({ zoneId, extra: 1 })).rejects.toMatchObject({ code: "bad_input" });
  });

  test("a binding that somebody set during the freeze is left by the thaw and named", async () => {
    const freezeId = await stage.order(await stage.approved(zoneId));
    await advanceFreeze(stage.ctx, await stage.load(freezeId));
    await stage.caracalOwner.query(
      "UPDATE policy_set_bindings SET active_version_id = 'version-9' WHERE zone_id = $1 AND policy_set_id = 'set-a'",
      [zoneId],
    );
    await thawZone({ ctx: { db: stage.ctx.db, actor: stage.remy }, input: { freezeId, reason: "Over" } });
    await advanceFreeze(stage.ctx, await stage.load(freezeId));
    const view = await stage.see(freezeId);
    expect(view.leftAlone).toEqual(["set-a"]);
    expect((await stage.bindings(zoneId)).map(({ versionId }) => versionId)).toEqual(["version-9", null, "version-2"]);
  });

  test("lists what holds first, and pages", async () => {
    const freezeId = await stage.order(await stage.approved(zoneId));
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof listFreezes>> = await listFreezes({
        ctx: { db: stage.ctx.db, actor: stage.remy },
        input: { limit: 2, cursor },
      });
      ids.push(...page.rows.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(ids).toContain(freezeId);
    expect(new Set(ids).size).toBe(ids.length);
    const [{ count } = { count: 0 }] = await stage.ctx.db.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM zone_freezes",
    );
    expect(ids).toHaveLength(count);
  });
});
