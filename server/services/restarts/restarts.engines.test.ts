import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openRestarts, refusal, type Restarts } from "@/sandbox/service-stage/restarts";
import { stsMetrics } from "@/sandbox/service-stage/stage";
import { DomainError } from "@/server/platform/errors";
import { advanceOneRestart } from "@/server/services/restarts/restart-worker";

let on: Restarts;
beforeAll(async () => {
  on = await openRestarts();
});
beforeEach(() => on.begin());
afterEach(() => on.end());
afterAll(() => on?.close());

describe("one replica", () => {
  test("the order stands before anything runs; the restart is proved by what was seen of the replica", async () => {
    const given = on.ctx();
    const { restartId } = await on.order("sts-1", given);
    expect(on.ran()).toEqual([]);
    expect((await on.entries("restart-ordered")).at(-1)).toContain("ordered the restart of sts-1: It hangs");
    expect(await on.row(restartId)).toMatchObject({ state: "ordered", started_at: null, command: "restart sts-1" });
    const done = await on.work(restartId, given);
    expect(done.state).toBe("proved");
    expect(on.ran()).toEqual(["sts-1"]);
    expect((await on.entries("restarted")).at(-1)).toMatch(/^sts-1 restarted: .*, ready at \d\d:\d\d:\d\d UTC\.$/);
  });

  test("a command that answers well and restarts nothing proves nothing", async () => {
    on.onRestart(async () => undefined);
    const given = on.ctx();
    const { restartId } = await on.order("sts-1", given);
    expect((await on.work(restartId, given)).state).toBe("watching");
    await on.secondsLater(31);
    await advanceOneRestart(given);
    expect((await on.row(restartId)).state).toBe("unproved");
    expect((await on.entries("restart-not-proved")).at(-1)).toContain("nothing shows that it was restarted");
  });

  test("a command that fails and a replica that does not come back: failed, with what the command said", async () => {
    on.onRestart(async (replica) => {
      await replica.down();
      throw new DomainError("precondition_failed", "docker ended with code 1: no such container.");
    });
    const given = on.ctx();
    const { restartId } = await on.order("sts-1", given);
    expect((await on.work(restartId, given)).state).toBe("watching");
    await on.secondsLater(200);
    await advanceOneRestart(given);
    const row = await on.row(restartId);
    expect(row).toMatchObject({ state: "failed", note: "docker ended with code 1: no such container." });
  });

  test.each(["missing-program", "not-started", "refused"])(
    "a command that did nothing (%s) is failed at once",
    async (failure) => {
      on.onRestart(async () => {
        throw new DomainError("precondition_failed", "docker said no.", { failure });
      });
      const given = on.ctx();
      const { restartId } = await on.order("sts-1", given);
      await advanceOneRestart(given);
      expect(await on.row(restartId)).toMatchObject({ state: "failed", note: "docker said no." });
      expect((await on.entries("restart-not-proved")).at(-1)).toBe(
        "sts-1: the restart was not carried out. docker said no.",
      );
    },
  );

  test("a command that fails after it did its work is proved all the same", async () => {
    on.onRestart(async (replica) => {
      await replica.down();
      await replica.up();
      replica.metrics = stsMetrics({ eval_total: 1 });
      throw new Error("timed out");
    });
    const given = on.ctx();
    const { restartId } = await on.order("sts-1", given);
    expect((await on.work(restartId, given)).state).toBe("proved");
  });

  test("one that was down: that it answers again is what shows", async () => {
    await on.at("sts-1").down();
    on.onRestart((replica) => replica.up());
    const given = on.ctx();
    const { restartId } = await on.order("sts-1", given);
    expect((await on.work(restartId, given)).state).toBe("proved");
  });

  test("ready is asked again: one that falls back is not done", async () => {
    on.onRestart(async (replica) => {
      await replica.down();
      await replica.up();
      replica.metrics = stsMetrics({ eval_total: 0 });
      replica.ready = false;
    });
    const given = on.ctx();
    const { restartId } = await on.order("sts-1", given);
    const row = await on.work(restartId, given);
    expect(row.state).toBe("watching");
    expect(row.seen["sts-1"]?.readyAt).toBeNull();
    on.at("sts-1").ready = true;
    expect((await on.work(restartId, given)).state).toBe("proved");
  });
});

describe("refused", () => {
  test("the last one that is ready, and one that would take another along", async () => {
    on.at("sts-2").ready = false;
    expect(await refusal(on.order("sts-1"))).toMatch(
      /takes two people\. No sts would be ready meanwhile: sts-1 is the only one/,
    );
    await expect(on.order("sts-2")).resolves.toBeDefined(); // it is not ready anyway
    expect(await refusal(on.order("audit-1"))).toMatch(/No audit would be ready meanwhile/);
    const together = on.runtime({ placeOf: () => ({ target: "deployment/sts", replicas: ["sts-1", "sts-2"] }) });
    on.at("sts-2").ready = true;
    expect(await refusal(on.order("sts-1", on.ctx(together)))).toMatch(/sts-1, sts-2 go together/);
  });

  test("one whose spool would be lost with its container (trap 17), and only where it would", async () => {
    on.at("sts-1").metrics = stsMetrics({ pending: 7 });
    expect(await refusal(on.order("sts-1", on.ctx(on.runtime({ keepsFiles: false }))))).toMatch(
      /sts-1 holds 7\. Copy them out/,
    );
    await expect(on.order("sts-1")).resolves.toBeDefined();
  });

  test("the only one there is, stopped as a container is: one person may when the runtime says so, and only then", async () => {
    const elsewhere = on.ctx().caracal;
    const only = { ...elsewhere, replicas: [{ id: "sts-1", kind: "sts" as const, url: "http://sts.invalid" }] };
    const given = (runs: () => Promise<boolean>) => ({ ...on.ctx(on.runtime({ runs })), caracal: only });
    const twoPeople = /sts-1 gives no answer here, which does not say that it is down, nor does the runtime/;
    expect(
      await refusal(
        on.order(
          "sts-1",
          given(async () => true),
        ),
      ),
    ).toMatch(twoPeople);
    expect(
      await refusal(
        on.order(
          "sts-1",
          given(() => Promise.reject(new Error("no docker"))),
        ),
      ),
    ).toMatch(twoPeople);
    const manual = { ...on.ctx(on.runtime({ acts: false, runs: async () => false })), caracal: only };
    expect(await refusal(on.order("sts-1", manual))).toMatch(twoPeople);
    await expect(
      on.order(
        "sts-1",
        given(async () => false),
      ),
    ).resolves.toBeDefined();
  });

  test("what is not on the list, and a second one while one is under way", async () => {
    expect(await refusal(on.order("sts-3"))).toMatch(/^not_configured: sts-3 is not in RUNTIME_SERVICES/);
    const [one, two] = await Promise.allSettled([on.order("sts-1"), on.order("sts-1")]);
    expect([one?.status, two?.status].sort()).toEqual(["fulfilled", "rejected"]);
  });

  test("of two at once the second, whose sibling is about to be away (one person would restart the service)", async () => {
    const both = await Promise.allSettled([on.order("sts-1"), on.order("sts-2")]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(both.find((one) => one.status === "rejected")?.reason).toMatchObject({
      message: expect.stringMatching(/takes two people\. No sts would be ready meanwhile: .* is being restarted/),
    });
  });

  test("when its turn comes, if it became the last that is ready since it was ordered", async () => {
    const given = on.ctx();
    const { restartId } = await on.order("sts-1", given);
    on.at("sts-2").ready = false;
    await advanceOneRestart(given);
    expect(on.ran()).toEqual([]);
    expect(await on.row(restartId)).toMatchObject({
      state: "cancelled",
      note: expect.stringContaining("takes two people by now. No sts would be ready meanwhile"),
    });
  });

  test("an STS while Redis is away: it would start deaf", async () => {
    const redis = { ping: () => Promise.reject(new Error("away")) } as unknown as typeof on.stage.caracal.redis;
    expect(await refusal(on.order("sts-1", { ...on.ctx(), caracal: { ...on.ctx().caracal, redis } }))).toMatch(
      /started without it would say ready and read nothing/,
    );
  });
});

test("a console that dies while the command runs: it is watched by another and never run again", async () => {
  const given = on.ctx();
  const { restartId } = await on.order("sts-1", given);
  let letGo: () => void = () => undefined;
  const hanging = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  on.onRestart(() => hanging);
  const dying = advanceOneRestart(given);
  await expect.poll(async () => (await on.row(restartId)).state, { timeout: 10_000 }).toBe("running");
  await on.stage.owner.query("UPDATE service_restarts SET holder = 'another', heartbeat_at = 'epoch' WHERE id = $1", [
    restartId,
  ]);
  const other = on.ctx();
  await advanceOneRestart(other);
  expect(await on.row(restartId)).toMatchObject({ state: "watching", note: expect.stringContaining("not run again") });
  letGo();
  await dying;
  await on.work(restartId, other);
  expect(on.ran()).toEqual(["sts-1"]);
  await on.secondsLater(31);
  await advanceOneRestart(other);
  expect((await on.row(restartId)).state).toBe("unproved");
});

test("many workers at once run it once", async () => {
  const { restartId } = await on.order("sts-1");
  const workers = Array.from({ length: 5 }, () => on.ctx());
  for (let turn = 0; turn < 6; turn += 1) {
    await Promise.all(workers.map((one) => advanceOneRestart(one)));
    await on.secondsLater(1);
  }
  expect(on.ran()).toEqual(["sts-1"]);
  expect((await on.row(restartId)).state).toBe("proved");
});
