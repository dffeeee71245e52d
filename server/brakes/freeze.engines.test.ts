import { randomBytes, randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Stored } from "@/server/approvals/approved-action";
import { createLocalAccount } from "@/server/auth/local-accounts";
import type { Actor } from "@/server/auth/roles";
import { advanceFreeze, type BrakeContext } from "@/server/brakes/advance-freeze";
import { createBrakeWorker } from "@/server/brakes/brake-worker";
import type { FreezeRow } from "@/server/brakes/freeze-rows";
import { getFreeze, listFreezes } from "@/server/brakes/freeze-view";
import { freezeZoneAction } from "@/server/brakes/freeze-zone.action";
import { thawZone } from "@/server/brakes/thaw-zone";
import { nullBindings, readBindings, restoreBindings } from "@/server/caracal/brakes/policy-bindings";
import { openRedis } from "@/server/caracal/redis";
import { checkStreamSignature } from "@/server/caracal/stream-signature";
import type { Repeating } from "@/server/jobs/repeat";
import { openDatabase, type Database, type Queryable } from "@/server/platform/postgres";
import { freshCaracalDatabase, freshConsoleDatabase, freshRedis } from "@/sandbox/engines/test-databases";

const stream = "caracal.policy.invalidate";
const key = randomBytes(32);
let own: Awaited<ReturnType<typeof freshConsoleDatabase>>;
let theirs: Awaited<ReturnType<typeof freshCaracalDatabase>>;
let redis: Awaited<ReturnType<typeof freshRedis>>;
let caracalOwner: pg.Pool;
let owner: pg.Pool;
let ctx: BrakeContext;
let dana: Actor;
let remy: Actor;
let zoneId: string;
const readers: { stop(): Promise<void> }[] = [];
const workers: Repeating[] = [];

beforeAll(async () => {
  [own, theirs, redis] = await Promise.all([freshConsoleDatabase(), freshCaracalDatabase(), freshRedis()]);
  caracalOwner = new pg.Pool({ connectionString: theirs.ownerUrl, max: 2 });
  owner = new pg.Pool({ connectionString: own.migrateUrl, max: 2 });
  const db = openDatabase({ url: own.url, label: "console", max: 6, statementTimeoutMs: 5_000 });
  const caracal = {
    name: "brakes",
    db: openDatabase({ url: theirs.url, label: "caracal", max: 6, statementTimeoutMs: 5_000 }),
    redis: openRedis(redis.url),
    replicas: ["sts-1", "sts-2"].map((id) => ({ id, kind: "sts" as const, url: "http://127.0.0.1:9" })),
    streamsKey: key,
    adminToken: null,
    coordinatorToken: null,
    close: async () => undefined,
  };
  await vi.waitUntil(() => caracal.redis.status === "ready", { timeout: 5_000 });
  const snapshot = () => ({
    at: 0,
    deployment: "b",
    release: null,
    sources: [],
    streams: [],
    replicas: [],
    signals: [],
    counts: {},
    unseen: [],
  });
  ctx = { db, caracal, collector: { snapshot }, holder: "console:test", pollSeconds: 3_600 };
  const account = async (username: string): Promise<Actor> => {
    const id = await createLocalAccount({
      db,
      username,
      displayName: username,
      roles: ["responder"],
      password: "a long enough password",
    });
    return { id, name: username, roles: ["responder"] };
  };
  dana = await account("dana");
  remy = await account("remy");
  await ctx.caracal.redis.xgroup("CREATE", stream, "opa-engine", "$", "MKSTREAM");
});
afterAll(async () => {
  await Promise.all([ctx.db.close(), ctx.caracal.db.close(), owner.end(), caracalOwner.end()]);
  ctx.caracal.redis.disconnect();
  await Promise.all([own.drop(), theirs.drop(), redis.drop()]);
});

const before = [
  { policySetId: "set-a", versionId: "version-7" },
  { policySetId: "set-b", versionId: null },
  { policySetId: "set-c", versionId: "version-2" },
];

beforeEach(async () => {
  zoneId = randomUUID();
  await caracalOwner.query(
    "INSERT INTO zones (id, org_id, name, slug, dek_ciphertext) VALUES ($1, 'o', 'Payments', $1, '\\x00')",
    [zoneId],
  );
  for (const { policySetId, versionId } of before)
    await caracalOwner.query("INSERT INTO policy_set_bindings VALUES ($1, $2, $3)", [zoneId, policySetId, versionId]);
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((one) => one.stop()));
  await Promise.all(readers.splice(0).map((one) => one.stop()));
});

/** An STS of the group: reads and acknowledges one message after the other, as the real ones do; `deaf` ones read nothing. */
async function reader(name: string): Promise<void> {
  const client = new Redis(redis.url, { maxRetriesPerRequest: null });
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      const got = (await client
        .xreadgroup("GROUP", "opa-engine", name, "COUNT", 1, "BLOCK", 5_000, "STREAMS", stream, ">")
        .catch(() => null)) as [string, [string, string[]][]][] | null;
      for (const [id] of got?.[0]?.[1] ?? []) await client.xack(stream, "opa-engine", id);
    }
  })();
  readers.push({
    async stop() {
      stopped = true;
      client.disconnect(); // ends the read that waits
      await loop;
      await ctx.caracal.redis.xgroup("DELCONSUMER", stream, "opa-engine", name);
    },
  });
}

async function approved(): Promise<Stored> {
  const action = freezeZoneAction({ db: ctx.db, caracal: ctx.caracal });
  const frozen = await action.freeze({ zoneId });
  const approvalId = randomUUID();
  await owner.query(
    `INSERT INTO approval_requests (id, action, severity, parameters, targets, target_count, targets_digest, playbook_version, requester_id,
       requester_name, reason, nonce, votes_needed, expires_at, digest)
     VALUES ($1, 'freeze-zone', 'P1', '{}', '[]', 0, $2, 'x', $3, 'dana', 'Secret known', $4, 1, now() + interval '15 min', $5)`,
    [approvalId, "0".repeat(64), dana.id, randomUUID(), randomBytes(32).toString("hex")],
  );
  const { parameters, targets, preconditions } = frozen;
  return {
    approvalId,
    incidentId: null,
    reason: "Secret known",
    parameters,
    targets,
    preconditions,
    requester: { id: dana.id, name: "dana" },
  };
}
const order = async (stored: Stored): Promise<string> => {
  const ref = await ctx.db.transaction((tx) => freezeZoneAction(ctx).start(tx, stored, dana));
  return ref.replace("freeze:", "");
};
const work = (given: BrakeContext = ctx): void => {
  const worker = createBrakeWorker(given);
  workers.push(worker);
  worker.start();
};
const bindings = () => readBindings(ctx.caracal.db, zoneId);
const see = (freezeId: string) => getFreeze({ ctx: { db: ctx.db, actor: remy }, input: { freezeId } });
const state = (freezeId: string) => async () => (await see(freezeId)).state;
const soon = { timeout: 15_000, interval: 50 };
const nothing = before.map(({ policySetId }) => ({ policySetId, versionId: null }));

describe("freeze and thaw", () => {
  test("both STS are handed a message, one by one, signed; a colleague's thaw puts back exactly what was", async () => {
    await reader("sts-a-1-policy");
    await reader("sts-b-2-policy");
    const freezeId = await order(await approved());
    work();
    await expect.poll(state(freezeId), soon).toBe("frozen");
    expect(await bindings()).toEqual(nothing);
    const view = await see(freezeId);
    expect(view.replicas.map(({ replica }) => replica).sort()).toEqual(["sts-a-1-policy", "sts-b-2-policy"]);
    expect(view.replicas.every(({ deliveredAt }) => deliveredAt !== null)).toBe(true);
    expect(view.bindings).toEqual(before.map(({ policySetId, versionId }) => ({ policySetId, version: versionId })));
    const [[, flat] = ["", []]] = (await ctx.caracal.redis.xrevrange(stream, "+", "-", "COUNT", 1)) as [
      string,
      string[],
    ][];
    const fields = Object.fromEntries(flat.flatMap((value, at) => (at % 2 === 0 ? [[value, flat[at + 1] ?? ""]] : [])));
    expect(fields.zone_id).toBe(zoneId);
    expect(checkStreamSignature(key, stream, fields)).toBe("valid");

    await thawZone({ ctx: { db: ctx.db, actor: remy }, input: { freezeId, reason: "Contained" } });
    await expect(
      thawZone({ ctx: { db: ctx.db, actor: dana }, input: { freezeId, reason: "Me too" } }),
    ).rejects.toMatchObject({ code: "conflict" });
    await expect.poll(state(freezeId), soon).toBe("thawed");
    expect(await bindings()).toEqual(before);
    const results = await ctx.db.query(
      "SELECT 1 FROM timeline_entries WHERE kind = 'approval.result' AND details->'refs'->>'approval' = $1",
      [view.approvalId],
    );
    expect(results).toHaveLength(1);
    const kinds = await ctx.db.query<{ kind: string }>(
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
    await reader("sts-a-1-policy");
    const freezeId = await order(await approved());
    work();
    await expect
      .poll(async () => (await see(freezeId)).replicas.filter(({ deliveredAt }) => deliveredAt !== null).length, soon)
      .toBe(1);
    const waiting = await see(freezeId);
    expect(waiting.state).toBe("freezing");
    expect(waiting.replicas.find(({ deliveredAt }) => deliveredAt === null)?.pollBy).not.toBeNull();
    await Promise.all(workers.splice(0).map((one) => one.stop()));
    await owner.query("UPDATE zone_freezes SET nulled_at = nulled_at - interval '70 seconds' WHERE id = $1", [
      freezeId,
    ]);
    work({ ...ctx, pollSeconds: 60 });
    await expect.poll(state(freezeId), soon).toBe("frozen");
    const proved = await see(freezeId);
    expect(
      proved.replicas.map(({ deliveredAt, polledAt }) => [deliveredAt !== null, polledAt !== null]).sort(),
    ).toEqual([
      [false, true],
      [true, true],
    ]);
  });

  test("Redis away: the bindings are taken all the same, what is missing is said, and it goes on by itself", async () => {
    const freezeId = await order(await approved());
    await redis.pause();
    work();
    await expect.poll(async () => (await see(freezeId)).nulledAt, soon).not.toBeNull();
    expect(await bindings()).toEqual(nothing);
    await redis.resume();
    await reader("sts-a-1-policy");
    await reader("sts-b-2-policy");
    await expect.poll(state(freezeId), soon).toBe("frozen");
  });
});

/** The same databases, in which the nth statement is never sent: as when the process is killed there. */
function dyingAt(n: number): BrakeContext {
  let sent = 0;
  const guard = <Kind extends Queryable>(inner: Kind): Kind => ({
    ...inner,
    query: async (sql: string, params?: readonly unknown[]) => {
      sent += 1;
      if (sent >= n) throw new Error("killed");
      return inner.query(sql, params);
    },
  });
  const database = (inner: Database): Database => ({
    ...guard(inner),
    transaction: (given) => inner.transaction((tx) => given(guard(tx))),
  });
  return { ...ctx, db: database(ctx.db), caracal: { ...ctx.caracal, db: database(ctx.caracal.db) } };
}
const load = async (freezeId: string): Promise<FreezeRow> => {
  const [row] = await ctx.db.query<FreezeRow>("SELECT * FROM zone_freezes WHERE id = $1", [freezeId]);
  if (row === undefined) throw new Error("no such freeze");
  return row;
};

describe("a crash", () => {
  test("before any statement of the freeze: a successor freezes, and the old values are whole", async () => {
    for (let n = 1; n <= 12; n++) {
      const freezeId = await order(await approved());
      await advanceFreeze(dyingAt(n), await load(freezeId)).catch(() => undefined);
      await advanceFreeze(ctx, await load(freezeId));
      const freeze = await load(freezeId);
      expect(freeze.nulled_at, `killed at statement ${n}`).not.toBeNull();
      expect(freeze.before).toEqual(before);
      expect(await bindings()).toEqual(nothing);
      await thawZone({ ctx: { db: ctx.db, actor: remy }, input: { freezeId, reason: "Next" } });
      await advanceFreeze(dyingAt(n), await load(freezeId)).catch(() => undefined);
      await advanceFreeze(ctx, await load(freezeId));
      expect(await bindings(), `thaw killed at statement ${n}`).toEqual(before);
      await owner.query("UPDATE zone_freezes SET state = 'thawed' WHERE id = $1", [freezeId]);
    }
  });

  test("a worker with a row from before the recording does not write nulls over the old values", async () => {
    const freezeId = await order(await approved());
    const stale = await load(freezeId);
    await expect(advanceFreeze(dyingAt(4), await load(freezeId))).rejects.toThrow("killed"); // recorded and nulled, not yet said
    expect(await bindings()).toEqual(nothing);
    await advanceFreeze(ctx, stale);
    expect((await load(freezeId)).before).toEqual(before);
    await advanceFreeze(ctx, await load(freezeId));
    expect((await load(freezeId)).nulled_at).not.toBeNull();
    await thawZone({ ctx: { db: ctx.db, actor: remy }, input: { freezeId, reason: "Over" } });
    await advanceFreeze(ctx, await load(freezeId));
    expect(await bindings()).toEqual(before);
  });

  test("a worker that slept through the thaw takes nothing again", async () => {
    await nullBindings(ctx.caracal.db, zoneId, [before[0] ?? { policySetId: "", versionId: null }], "fence-1");
    await restoreBindings(ctx.caracal.db, zoneId, before, "fence-1");
    await nullBindings(
      ctx.caracal.db,
      zoneId,
      before.filter(({ versionId }) => versionId !== null),
      "fence-1",
    );
    expect(await bindings()).toEqual(before);
  });
});

describe("what changes meanwhile", () => {
  test("a changed binding voids the approval; nothing is frozen twice; a zone that mints nothing is not frozen", async () => {
    const stored = await approved();
    const action = freezeZoneAction(ctx);
    expect(await action.recheck(stored)).toBeNull();
    await caracalOwner.query(
      "UPDATE policy_set_bindings SET active_version_id = 'version-8' WHERE zone_id = $1 AND policy_set_id = 'set-a'",
      [zoneId],
    );
    expect(await action.recheck(stored)).toBe("Policy bindings have changed since: set-a.");
    const [one, two] = [await approved(), await approved()];
    const answers = await Promise.allSettled([order(one), order(two)]);
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await expect(action.freeze({ zoneId })).rejects.toMatchObject({ code: "conflict" });
    const other = randomUUID();
    await caracalOwner.query(
      "INSERT INTO zones (id, org_id, name, slug, dek_ciphertext) VALUES ($1, 'o', 'Idle', $1, '\\x00')",
      [other],
    );
    await expect(action.freeze({ zoneId: other })).rejects.toMatchObject({ code: "precondition_failed" });
    await expect(action.freeze({ zoneId: "nowhere" })).rejects.toMatchObject({ code: "not_found" });
    await expect(action.freeze({ zoneId, extra: 1 })).rejects.toMatchObject({ code: "bad_input" });
  });

  test("a binding that somebody set during the freeze is left by the thaw and named", async () => {
    const freezeId = await order(await approved());
    await advanceFreeze(ctx, await load(freezeId));
    await caracalOwner.query(
      "UPDATE policy_set_bindings SET active_version_id = 'version-9' WHERE zone_id = $1 AND policy_set_id = 'set-a'",
      [zoneId],
    );
    await thawZone({ ctx: { db: ctx.db, actor: remy }, input: { freezeId, reason: "Over" } });
    await advanceFreeze(ctx, await load(freezeId));
    const view = await see(freezeId);
    expect(view.leftAlone).toEqual(["set-a"]);
    expect((await bindings()).map(({ versionId }) => versionId)).toEqual(["version-9", null, "version-2"]);
  });

  test("lists what holds first, and pages", async () => {
    const freezeId = await order(await approved());
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof listFreezes>> = await listFreezes({
        ctx: { db: ctx.db, actor: remy },
        input: { limit: 2, cursor },
      });
      ids.push(...page.rows.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(ids).toContain(freezeId);
    expect(new Set(ids).size).toBe(ids.length);
    const [{ count } = { count: 0 }] = await ctx.db.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM zone_freezes",
    );
    expect(ids).toHaveLength(count);
  });
});
