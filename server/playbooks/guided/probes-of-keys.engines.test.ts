import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { guidedRuns } from "@/sandbox/key-stage/guided-runs";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { reEncryptAction } from "@/server/keys/re-encrypt/re-encrypt.action";
import { exposureNow } from "@/server/playbooks/guided/exposure-facts";
import { cleanAfterReplicas, reEncrypted } from "@/server/playbooks/guided/probe-re-encryption";
import { rotated } from "@/server/playbooks/guided/probe-rotation";
import { oldKekGone, reEncryptionApproved } from "@/server/playbooks/guided/probes";

/** What each probe must not take for done. Every wrong way here once settled a step. */
let stage: KeyStage;
let zones: string[];
const { giveKey, start, looking, rotate, inIncident, approved } = guidedRuns(
  () => stage,
  () => zones,
);

beforeEach(async () => {
  stage = await openKeyStage();
  zones = [await stage.newZone("Payments"), await stage.newZone("Search")];
  for (const id of zones) await giveKey(id);
});
afterEach(() => stage.close());

describe("keys count as replaced", () => {
  test("not by a routine rotation: the stolen key would stay among the two that are served", async () => {
    const runId = await start("zone-key-compromise", zones[0]);
    await rotate("routine");
    await inIncident(runId);
    expect(await rotated(await looking(runId))).toMatchObject({
      done: false,
      sentence: expect.stringMatching(/^0 of 1 zones proved\. Zone Payments: .* which is served, is not of a rotation/),
    });
    expect((await exposureNow(await looking(runId))).map(({ id }) => id)).toContain("forge-per-call");
    await rotate("routine"); // the second one pushes it out: it is what is served that counts
    expect(await rotated(await looking(runId))).toMatchObject({ done: true });
    expect((await exposureNow(await looking(runId))).map(({ id }) => id)).not.toContain("forge-per-call");
  });

  test("not by another zone's rotation, nor by one from before the run, nor before it is proved", async () => {
    await rotate("compromise");
    const runId = await start("zone-key-compromise", zones[0]);
    expect((await rotated(await looking(runId))).done).toBe(false);
    await rotate("compromise", [zones[1] ?? ""]);
    expect((await rotated(await looking(runId))).done).toBe(false);
    await rotate("compromise", [zones[0] ?? ""], false);
    expect(await rotated(await looking(runId))).toMatchObject({ done: false });
    await stage.db.query("UPDATE key_job_zones SET state = 'proved', proved_at = now() WHERE state = 'written'");
    expect((await rotated(await looking(runId))).done).toBe(true);
    await giveKey(zones[0] ?? ""); // somebody else's
    expect((await rotated(await looking(runId))).done).toBe(false);
  });

  test("under a stolen KEK only after the replicas were recreated, and in every zone that has a key", async () => {
    const runId = await start("kek-compromise");
    await rotate("compromise");
    expect((await rotated(await looking(runId))).done).toBe(false);
    const after = await looking(runId, ["recreate"]);
    expect((await rotated(after)).done).toBe(false);
    await rotate("compromise", [zones[0] ?? ""]);
    expect(await rotated(after)).toMatchObject({ done: false, sentence: expect.stringContaining("1 of 2 zones") });
    await rotate("compromise", [zones[1] ?? ""]);
    expect(await rotated(after)).toMatchObject({ done: true, sentence: expect.stringContaining("all 2 zones") });
    await stage.newZone("Without a key");
    expect((await rotated(after)).done).toBe(true);
  });

  test("in a routine the newest alone must be new", async () => {
    const runId = await start("rotate-keys");
    expect((await rotated(await looking(runId))).done).toBe(false);
    await rotate("routine");
    expect((await rotated(await looking(runId))).done).toBe(true);
  });
});

describe("re-encryption counts", () => {
  const reEncrypt = async (direction: "forward" | "back") => {
    await stage.inventory();
    const act = reEncryptAction({ db: stage.db, caracal: stage.caracal, keks: stage.ctx.keks });
    const frozen = await stage.start({ ...act, recheck: async () => null }, { direction }); // no STS has an address here
    await stage.work(frozen);
    return frozen;
  };

  test("when it is of this run, forward, and no way back was taken since", async () => {
    await reEncrypt("forward");
    const runId = await start("kek-compromise");
    await inIncident(runId);
    expect((await reEncrypted(await looking(runId))).done).toBe(false); // begun before the run
    await reEncrypt("back");
    await inIncident(runId);
    expect(await reEncrypted(await looking(runId))).toMatchObject({
      done: false,
      sentence: expect.stringContaining("way back"),
    });
    await reEncrypt("forward");
    await inIncident(runId);
    expect((await reEncrypted(await looking(runId))).done).toBe(true);
    expect(await cleanAfterReplicas(await looking(runId, ["recreate"]))).toMatchObject({
      done: false,
      sentence: expect.stringContaining("before the replicas were recreated"),
    });
  });

  test("as approved only when it was asked for in this run, forward", async () => {
    const runId = await start("kek-compromise");
    const ask = (direction: string, minutes: number) => approved("re-encrypt-kek", runId, { direction }, minutes);
    await ask("forward", -5);
    await ask("back", 1);
    expect((await reEncryptionApproved(await looking(runId))).done).toBe(false);
    await ask("forward", 1);
    expect((await reEncryptionApproved(await looking(runId))).done).toBe(true);
  });

  test("the old key is gone when the console itself has it no more", async () => {
    const runId = await start("kek-compromise");
    await reEncrypt("forward");
    await inIncident(runId);
    expect(await oldKekGone(await looking(runId))).toMatchObject({
      done: false,
      sentence: expect.stringContaining("still holds the old key"),
    });
    stage.files.put("current", stage.files.next.toString("hex"));
    stage.files.take("next");
    expect((await oldKekGone(await looking(runId))).done).toBe(true);
  });
});
