import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { agreed } from "@/sandbox/agreed";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { type StagedReplica, stagedRuntime, stageReplica, stsMetrics } from "@/sandbox/service-stage/stage";
import type { RuntimeAdapter } from "@/server/services/adapter/adapter";
import { DomainError } from "@/server/platform/errors";
import { confirmRestart } from "@/server/services/restarts/confirm-restart";
import { orderRestart } from "@/server/services/restarts/order-restart";
import type { RestartRow } from "@/server/services/restarts/restart-rows";
import { restartServiceAction } from "@/server/services/restarts/restart-service.action";
import { advanceOneRestart } from "@/server/services/restarts/restart-worker";
import { consoleChain } from "@/server/timeline/append-entries";

let stage: KeyStage;
let replicas: StagedReplica[];
let ran: string[];
/** What a restart really does to a staged replica. */
let onRestart: (replica: StagedReplica) => Promise<void>;

beforeAll(async () => {
  stage = await openKeyStage();
});
beforeEach(async () => {
  replicas = [
    await stageReplica("sts-1", "sts"),
    await stageReplica("sts-2", "sts"),
    await stageReplica("audit-1", "audit"),
  ];
  ran = [];
  onRestart = async (replica) => {
    await replica.down();
    await replica.up();
    replica.metrics = stsMetrics({ eval_total: 0 });
  };
  await stage.owner.query(
    "UPDATE service_restarts SET state = 'cancelled', finished_at = now() WHERE finished_at IS NULL",
  );
});
afterEach(() => Promise.all(replicas.map((replica) => replica.close())));
afterAll(() => stage.close());

const at = (id: string): StagedReplica => {
  const found = replicas.find((replica) => replica.id === id);
  if (found === undefined) throw new Error(id);
  return found;
};
const runtime = (over: Partial<RuntimeAdapter> = {}) =>
  stagedRuntime(
    replicas,
    async ({ target }) => {
      ran.push(target);
      await onRestart(at(target));
    },
    over,
  );
const ctx = (adapter = runtime()) => ({
  db: stage.db,
  caracal: {
    replicas: replicas.map(({ id, kind, url }) => ({ id, kind, url })),
    coordinatorToken: null,
    redis: stage.caracal.redis,
  },
  adapter,
  actor: stage.actor,
  holder: `console:${randomUUID()}`,
});
const order = (replica: string, given = ctx()) => orderRestart({ ctx: given, input: { replica, reason: "It hangs" } });
const rowOf = async (id: string): Promise<RestartRow> => {
  const [row] = await stage.db.query<RestartRow>("SELECT * FROM service_restarts WHERE id = $1", [id]);
  if (row === undefined) throw new Error("no such restart");
  return row;
};
/** As if so many seconds had gone by for whatever waits. */
const secondsLater = (seconds: number) =>
  stage.owner.query(
    `UPDATE service_restarts SET heartbeat_at = heartbeat_at - interval '${seconds} s', answered_at = answered_at - interval '${seconds} s' WHERE finished_at IS NULL`,
  );
async function work(id: string, given: ReturnType<typeof ctx>, turns = 6): Promise<RestartRow> {
  for (let turn = 0; turn < turns; turn += 1) {
    await secondsLater(1);
    await advanceOneRestart(given);
    if ((await rowOf(id)).finished_at !== null) break;
  }
  return rowOf(id);
}
const refusal = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof DomainError) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error("it was not refused");
};
const entries = async (kind: string): Promise<string[]> =>
  (
    await stage.db.query<{ summary: string }>(
      "SELECT summary FROM timeline_entries WHERE chain = $1 AND kind = $2 ORDER BY seq",
      [consoleChain, `playbook.${kind}`],
    )
  ).map(({ summary }) => summary);

describe("one replica", () => {
  test("the order stands before anything runs; the restart is proved by what was seen of the replica", async () => {
    const given = ctx();
    const { restartId } = await order("sts-1", given);
    expect(ran).toEqual([]);
    expect((await entries("restart-ordered")).at(-1)).toContain("ordered the restart of sts-1: It hangs");
    expect(await rowOf(restartId)).toMatchObject({ state: "ordered", started_at: null, command: "restart sts-1" });
    const done = await work(restartId, given);
    expect(done.state).toBe("proved");
    expect(ran).toEqual(["sts-1"]);
    expect((await entries("restarted")).at(-1)).toMatch(/^sts-1 restarted: .*, ready at \d\d:\d\d:\d\d UTC\.$/);
  });

  test("a command that answers well and restarts nothing proves nothing", async () => {
    onRestart = async () => undefined;
    const given = ctx();
    const { restartId } = await order("sts-1", given);
    expect((await work(restartId, given)).state).toBe("watching");
    await secondsLater(31);
    await advanceOneRestart(given);
    expect((await rowOf(restartId)).state).toBe("unproved");
    expect((await entries("restart-not-proved")).at(-1)).toContain("nothing shows that it was restarted");
  });

  test("a command that fails and a replica that does not come back: failed, with what the command said", async () => {
    onRestart = async (replica) => {
      await replica.down();
      throw new DomainError("precondition_failed", "docker ended with code 1: no such container.");
    };
    const given = ctx();
    const { restartId } = await order("sts-1", given);
    expect((await work(restartId, given)).state).toBe("watching");
    await secondsLater(200);
    await advanceOneRestart(given);
    const row = await rowOf(restartId);
    expect(row).toMatchObject({ state: "failed", note: "docker ended with code 1: no such container." });
  });

  test.each(["missing-program", "not-started", "refused"])(
    "a command that did nothing (%s) is failed at once",
    async (failure) => {
      onRestart = async () => {
        throw new DomainError("precondition_failed", "docker said no.", { failure });
      };
      const given = ctx();
      const { restartId } = await order("sts-1", given);
      await advanceOneRestart(given);
      expect(await rowOf(restartId)).toMatchObject({ state: "failed", note: "docker said no." });
      expect((await entries("restart-not-proved")).at(-1)).toBe(
        "sts-1: the restart was not carried out. docker said no.",
      );
    },
  );

  test("a command that fails after it did its work is proved all the same", async () => {
    onRestart = async (replica) => {
      await replica.down();
      await replica.up();
      replica.metrics = stsMetrics({ eval_total: 1 });
      throw new Error("timed out");
    };
    const given = ctx();
    const { restartId } = await order("sts-1", given);
    expect((await work(restartId, given)).state).toBe("proved");
  });

  test("one that was down: that it answers again is what shows", async () => {
    await at("sts-1").down();
    onRestart = (replica) => replica.up();
    const given = ctx();
    const { restartId } = await order("sts-1", given);
    expect((await work(restartId, given)).state).toBe("proved");
  });

  test("ready is asked again: one that falls back is not done", async () => {
    onRestart = async (replica) => {
      await replica.down();
      await replica.up();
      replica.metrics = stsMetrics({ eval_total: 0 });
      replica.ready = false;
    };
    const given = ctx();
    const { restartId } = await order("sts-1", given);
    const row = await work(restartId, given);
    expect(row.state).toBe("watching");
    expect(row.seen["sts-1"]?.readyAt).toBeNull();
    at("sts-1").ready = true;
    expect((await work(restartId, given)).state).toBe("proved");
  });
});

describe("refused", () => {
  test("the last one that is ready, and one that would take another along", async () => {
    at("sts-2").ready = false;
    expect(await refusal(order("sts-1"))).toMatch(
      /takes two people\. No sts would be ready meanwhile: sts-1 is the only one/,
    );
    await expect(order("sts-2")).resolves.toBeDefined(); // it is not ready anyway
    expect(await refusal(order("audit-1"))).toMatch(/No audit would be ready meanwhile/);
    const together = runtime({ placeOf: () => ({ target: "deployment/sts", replicas: ["sts-1", "sts-2"] }) });
    at("sts-2").ready = true;
    expect(await refusal(order("sts-1", ctx(together)))).toMatch(/sts-1, sts-2 go together/);
  });

  test("one whose spool would be lost with its container (trap 17), and only where it would", async () => {
    at("sts-1").metrics = stsMetrics({ pending: 7 });
    expect(await refusal(order("sts-1", ctx(runtime({ keepsFiles: false }))))).toMatch(/sts-1 holds 7\. Copy them out/);
    await expect(order("sts-1")).resolves.toBeDefined();
  });

  test("what is not on the list, and a second one while one is under way", async () => {
    expect(await refusal(order("sts-3"))).toMatch(/^not_configured: sts-3 is not in RUNTIME_SERVICES/);
    const [one, two] = await Promise.allSettled([order("sts-1"), order("sts-1")]);
    expect([one?.status, two?.status].sort()).toEqual(["fulfilled", "rejected"]);
  });

  test("of two at once the second, whose sibling is about to be away (one person would restart the service)", async () => {
    const both = await Promise.allSettled([order("sts-1"), order("sts-2")]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(both.find((one) => one.status === "rejected")?.reason).toMatchObject({
      message: expect.stringMatching(/takes two people\. No sts would be ready meanwhile: .* is being restarted/),
    });
  });

  test("when its turn comes, if it became the last that is ready since it was ordered", async () => {
    const given = ctx();
    const { restartId } = await order("sts-1", given);
    at("sts-2").ready = false;
    await advanceOneRestart(given);
    expect(ran).toEqual([]);
    expect(await rowOf(restartId)).toMatchObject({
      state: "cancelled",
      note: expect.stringContaining("takes two people by now. No sts would be ready meanwhile"),
    });
  });

  test("an STS while Redis is away: it would start deaf", async () => {
    const redis = { ping: () => Promise.reject(new Error("away")) } as unknown as typeof stage.caracal.redis;
    expect(await refusal(order("sts-1", { ...ctx(), caracal: { ...ctx().caracal, redis } }))).toMatch(
      /started without it would say ready and read nothing/,
    );
  });
});

test("a console that dies while the command runs: it is watched by another and never run again", async () => {
  const given = ctx();
  const { restartId } = await order("sts-1", given);
  let letGo: () => void = () => undefined;
  const hanging = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  onRestart = () => hanging;
  const dying = advanceOneRestart(given);
  await expect.poll(async () => (await rowOf(restartId)).state, { timeout: 10_000 }).toBe("running");
  await stage.owner.query("UPDATE service_restarts SET holder = 'another', heartbeat_at = 'epoch' WHERE id = $1", [
    restartId,
  ]);
  const other = ctx();
  await advanceOneRestart(other);
  expect(await rowOf(restartId)).toMatchObject({ state: "watching", note: expect.stringContaining("not run again") });
  letGo();
  await dying;
  await work(restartId, other);
  expect(ran).toEqual(["sts-1"]);
  await secondsLater(31);
  await advanceOneRestart(other);
  expect((await rowOf(restartId)).state).toBe("unproved");
});

test("many workers at once run it once", async () => {
  const { restartId } = await order("sts-1");
  const workers = Array.from({ length: 5 }, () => ctx());
  for (let turn = 0; turn < 6; turn += 1) {
    await Promise.all(workers.map((one) => advanceOneRestart(one)));
    await secondsLater(1);
  }
  expect(ran).toEqual(["sts-1"]);
  expect((await rowOf(restartId)).state).toBe("proved");
});

test("by hand: the word of a person proves nothing, what is seen of the replica does", async () => {
  const manual = ctx(runtime({ acts: false, kind: "manual" }));
  const { restartId } = await order("sts-1", manual);
  expect(await rowOf(restartId)).toMatchObject({ state: "by-hand", command: "restart sts-1" });
  await work(restartId, manual, 2);
  expect((await rowOf(restartId)).state).toBe("by-hand");
  at("sts-1").metrics = stsMetrics({ eval_total: 0 });
  await confirmRestart({ ctx: manual, input: { restartId, how: "Remy ran it, on the telephone" } });
  expect(ran).toEqual([]);
  expect((await work(restartId, manual)).state).toBe("proved");
  expect(await refusal(confirmRestart({ ctx: manual, input: { restartId, how: "Once more" } }))).toMatch(/^conflict/);

  const another = await order("sts-2", manual);
  await at("sts-2").down();
  await work(another.restartId, manual, 3); // an outage before anybody says that it was restarted shows nothing of a restart
  await at("sts-2").up();
  expect((await rowOf(another.restartId)).seen).toEqual({});
  await confirmRestart({ ctx: manual, input: { restartId: another.restartId, how: "Remy says so" } });
  await work(another.restartId, manual, 2);
  await secondsLater(31);
  await advanceOneRestart(manual);
  expect((await rowOf(another.restartId)).state).toBe("unproved");
});

describe("a whole service, as two people agree on it", () => {
  const approved = async (given: ReturnType<typeof ctx>) => {
    const action = restartServiceAction(given);
    const stored = await agreed(stage.owner, action, { kind: "sts" }, stage.actor);
    expect(await action.recheck(stored)).toBeNull();
    await stage.db.transaction((tx) => action.start(tx, stored, stage.actor));
    const rows = await stage.db.query<{ id: string }>(
      "SELECT id FROM service_restarts WHERE approval_id = $1 ORDER BY place",
      [stored.approvalId],
    );
    return { action, stored, ids: rows.map(({ id }) => id) };
  };

  test("one after another, the next when the one before is ready again", async () => {
    const given = ctx();
    onRestart = async (replica) => {
      expect(replicas.filter(({ id, ready }) => id !== replica.id && id.startsWith("sts") && ready)).toHaveLength(1);
      await replica.down();
      await replica.up();
      replica.metrics = stsMetrics({ eval_total: 0 });
      replica.ready = false;
    };
    const { ids } = await approved(given);
    await work(ids[0] ?? "", given, 4);
    expect(ran).toEqual(["sts-1"]);
    at("sts-1").ready = true;
    expect((await work(ids[0] ?? "", given)).state).toBe("proved");
    await work(ids[1] ?? "", given, 3);
    at("sts-2").ready = true;
    expect((await work(ids[1] ?? "", given)).state).toBe("proved");
    expect(ran).toEqual(["sts-1", "sts-2"]);
  });

  test("by hand: what each says before is read when its turn comes", async () => {
    const manual = ctx(runtime({ acts: false, kind: "manual" }));
    const { ids } = await approved(manual);
    await work(ids[0] ?? "", manual, 2);
    expect((await rowOf(ids[0] ?? "")).before).toMatchObject({ "sts-1": { ready: true } });
    expect((await rowOf(ids[1] ?? "")).before).toEqual({});
  });

  test("one that does not come back ends it: the others are left alone", async () => {
    const given = ctx();
    onRestart = (replica) => replica.down();
    const { ids } = await approved(given);
    await work(ids[0] ?? "", given, 2);
    await secondsLater(200);
    await advanceOneRestart(given);
    expect((await rowOf(ids[0] ?? "")).state).toBe("failed");
    expect(await rowOf(ids[1] ?? "")).toMatchObject({
      state: "cancelled",
      note: expect.stringContaining("left alone"),
    });
    await work(ids[1] ?? "", given, 2);
    expect(ran).toEqual(["sts-1"]);
  });

  test("what is agreed on names a spool that would be lost, and other settings void it", async () => {
    at("sts-2").metrics = stsMetrics({ pending: 4 });
    const given = ctx(runtime({ keepsFiles: false }));
    const action = restartServiceAction(given);
    const frozen = await action.freeze({ kind: "sts" });
    expect(frozen.blast.sentence).toContain("sts-2 holds 4");
    expect(frozen.targets).toEqual(["sts-1: sts-1", "sts-2: sts-2"]);
    const stored = await agreed(stage.owner, action, { kind: "sts" }, stage.actor);
    const other = ctx(runtime({ placeOf: (replica) => ({ target: `other-${replica}`, replicas: [replica] }) }));
    expect(await restartServiceAction(other).recheck(stored)).toContain("other targets");
    expect(await refusal(action.freeze({ kind: "postgres" }))).toMatch(/^bad_input/);
  });
});
