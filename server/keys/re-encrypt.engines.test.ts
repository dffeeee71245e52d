import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { loadRecordedIncident } from "@/sandbox/schema/load-recording";
import { openSeal, packed, seal } from "@/server/caracal/keys/seal";
import { readSealedValues, sealKinds } from "@/server/caracal/keys/sealed-values";
import { cancelKeyJob } from "@/server/keys/cancel-key-job";
import type { InventoryResult } from "@/server/keys/inventory/advance-inventory";
import type { KeyContext } from "@/server/keys/key-job-rows";
import { advanceOneKeyJob } from "@/server/keys/key-worker";
import { getKeyJob, listFindings, listInventoryZones } from "@/server/keys/key-job-views";
import { reEncryptAction } from "@/server/keys/re-encrypt/re-encrypt.action";
import { sweepAgain } from "@/server/keys/re-encrypt/sweep-again";

let stage: KeyStage;
afterEach(() => stage.close());
const action = () => reEncryptAction({ db: stage.db, caracal: withSpools(), keks: stage.ctx.keks });
/** No STS stands here: the spools' own test is with real ones. */
const withSpools = () => ({ ...stage.caracal, replicas: [] });
const startForward = async () => {
  await stage.inventory();
  const made = action();
  return stage.start({ ...made, recheck: async () => null }, { direction: "forward" });
};

/** Every sealed value as it opens under a key: "kind id" → text, or null. */
async function opened(kek: Buffer): Promise<Map<string, string | null>> {
  const found = new Map<string, string | null>();
  for (const kind of sealKinds)
    for (const value of await readSealedValues(stage.caracal.db, kind, null, 10_000))
      found.set(`${kind} ${value.id}`, openSeal(kek, value.sealed)?.toString("utf8") ?? null);
  return found;
}
const bytes = async () =>
  (
    await stage.caracalOwner.query(
      `SELECT md5(string_agg(x, ',' ORDER BY x)) AS sum FROM (
         SELECT s::text || s.xmin::text AS x FROM secrets s UNION ALL SELECT p::text || p.xmin::text FROM providers p UNION ALL SELECT g::text || g.xmin::text FROM delegated_grants g) all_rows`,
    )
  ).rows[0].sum as string;

describe("the recorded incident", () => {
  const keys = JSON.parse(
    readFileSync(new URL("../../sandbox/fixtures/recorded-incident/keys.json", import.meta.url), "utf8"),
  ) as Record<string, string>;
  const kek = Buffer.from(keys.ZONE_KEK ?? "", "hex");
  beforeEach(async () => {
    stage = await openKeyStage({ current: kek });
    await loadRecordedIncident({ ownerUrl: stage.urls.caracalOwner, redisUrl: stage.urls.redis });
  });

  test("all its seals open under its key and survive the job; a second run changes nothing", async () => {
    const before = await opened(kek);
    expect(before.size).toBeGreaterThan(10);
    expect([...before.values()].every((text) => text !== null)).toBe(true);
    const job = await stage.work(await startForward());
    expect(job.state).toBe("finished");
    expect(job.passes.map(({ moved }) => moved)).toEqual([before.size, 0]);
    expect(await opened(stage.files.next)).toEqual(before);
    expect([...(await opened(kek)).values()].every((text) => text === null)).toBe(true);

    const sum = await bytes();
    await sweepAgain({ ctx: { db: stage.db, actor: stage.actor }, input: { jobId: job.id } });
    const again = await stage.work(job.id);
    expect(again.passes.at(-1)).toMatchObject({ pass: 3, moved: 0 });
    expect(await bytes()).toBe(sum); // not even rewritten
  });

  test("the way back is the same job in the other direction", async () => {
    const before = await opened(kek);
    await stage.work(await startForward());
    await stage.inventory();
    const back = await stage.start({ ...action(), recheck: async () => null }, { direction: "back" });
    expect((await stage.work(back)).state).toBe("finished");
    expect(await opened(kek)).toEqual(before);
  });
});

describe("values", () => {
  let zone: string;
  beforeEach(async () => {
    stage = await openKeyStage();
    zone = await stage.newZone();
    await stage.fill(zone, 12);
  });

  test("one that no key opens is listed, left alone, and does not stop the rest", async () => {
    const lost = randomBytes(60);
    const [provider] = (
      await stage.caracalOwner.query(
        "UPDATE providers SET secret_config_ct = $1 WHERE id = (SELECT min(id) FROM providers) RETURNING id",
        [lost],
      )
    ).rows;
    const inventory = await stage.inventory();
    const seen = (await stage.job(inventory)).result as InventoryResult;
    expect(seen).toMatchObject({ findings: 1, opens: stage.files.fingerprints.current, withoutKey: 1 });
    expect(seen.counts["provider-configs"]).toEqual({ current: 11, next: 0, neither: 1 });
    const zones = await listInventoryZones({
      ctx: { db: stage.db, actor: stage.actor },
      input: { jobId: inventory, troubledOnly: true, limit: 50 },
    });
    expect(zones.rows[0]?.trouble).toBe("1 sealed value opens under no key that this console has.");

    const jobId = await startForward();
    expect((await stage.work(jobId)).state).toBe("finished");
    const findings = await listFindings({ ctx: { db: stage.db, actor: stage.actor }, input: { jobId, limit: 50 } });
    expect(findings.rows).toEqual([
      expect.objectContaining({ kind: "provider-configs", rowId: provider.id, zoneId: zone }),
    ]);
    const [row] = (
      await stage.caracalOwner.query("SELECT secret_config_ct AS ct FROM providers WHERE id = $1", [provider.id])
    ).rows;
    expect(row.ct.equals(lost)).toBe(true);
    expect([...(await opened(stage.files.next)).values()].filter((text) => text === null)).toHaveLength(1);
    expect((await getKeyJob({ ctx: { db: stage.db, actor: stage.actor }, input: { jobId } })).sentence).toMatch(
      /All 47 values opened under .* none under .*/,
    );
  });

  test("an STS that refreshes grants under the old key meanwhile loses nothing; later walks take what it sealed", async () => {
    const jobId = await startForward();
    let refreshing = true;
    let refreshed = 0;
    const sts = (async () => {
      for (let n = 0; refreshing || n < 40; n += 1) {
        const token = packed(seal(stage.files.current, Buffer.from(`refreshed ${n}`)));
        const done = await stage.caracalOwner.query(
          `UPDATE delegated_grants SET refresh_token_ct = $1, refresh_token_version = refresh_token_version + 1
            WHERE id = (SELECT id FROM delegated_grants ORDER BY random() LIMIT 1) RETURNING 1`,
          [token],
        );
        refreshed += done.rowCount ?? 0;
      }
    })();
    const first = await stage.work(jobId, 30);
    refreshing = false;
    await sts;
    if (first.state === "finished") await sweepAgain({ ctx: { db: stage.db, actor: stage.actor }, input: { jobId } });
    const job = await stage.work(jobId);
    expect(job.state).toBe("finished");
    expect(job.passes.at(-1)?.moved).toBe(0);
    expect([...(await opened(stage.files.next)).values()].every((text) => text !== null)).toBe(true);
    const [{ versions }] = (
      await stage.caracalOwner.query("SELECT sum(refresh_token_version - 1)::int AS versions FROM delegated_grants")
    ).rows;
    expect(versions).toBe(refreshed); // counted by STS alone: the job never touches it
  });

  test("the wrong key is refused before the first write, with the key that the data wants", async () => {
    const jobId = await startForward();
    const sum = await bytes();
    // Other values take the place of all: nothing opens any more.
    for (const [table, column] of [
      ["secrets", "ciphertext"],
      ["providers", "secret_config_ct"],
      ["delegated_grants", "access_token_ct"],
      ["delegated_grants", "refresh_token_ct"],
    ])
      await stage.caracalOwner.query(`UPDATE ${table} SET ${column} = sha256(${column})`);
    const before = await bytes();
    const job = await stage.work(jobId);
    expect(before).not.toBe(sum);
    expect(job.state).toBe("refused");
    expect(job.error).toContain(`it opened under ${stage.files.fingerprints.current}`);
    expect(await bytes()).toBe(before);
    await stage.inventory();
    await expect(action().freeze({ direction: "forward" })).rejects.toThrow(/Not one of 48 sealed values opens/);
  });

  test("a key that goes away stops the job where it is, and it goes on when the key is back", async () => {
    const jobId = await startForward();
    await stage.work(jobId, 3);
    stage.files.take("next");
    const waiting = await stage.work(jobId);
    expect(waiting).toMatchObject({ state: "running", error: expect.stringContaining(stage.files.fingerprints.next) });
    stage.files.put("next", stage.files.next.toString("hex").slice(0, 31)); // half-written
    expect((await stage.work(jobId)).error).toMatch(/holds 31 characters, not 64/);
    stage.files.put("next", randomBytes(32).toString("hex")); // another key is not the one that was agreed on
    expect((await stage.work(jobId)).error).toContain(stage.files.fingerprints.next);
    stage.files.put("next", stage.files.next.toString("hex"));
    await stage.db.query("UPDATE key_jobs SET error = NULL WHERE id = $1", [jobId]);
    expect((await stage.work(jobId)).state).toBe("finished");
    expect([...(await opened(stage.files.next)).values()].every((text) => text !== null)).toBe(true);
  });

  test("rows that go and zones that are archived meanwhile end nothing", async () => {
    const jobId = await startForward();
    await stage.work(jobId, 2);
    await stage.caracalOwner.query(
      "DELETE FROM delegated_grants WHERE id IN (SELECT id FROM delegated_grants LIMIT 4)",
    );
    await stage.caracalOwner.query("UPDATE zones SET archived_at = now()");
    const job = await stage.work(jobId);
    expect(job.state).toBe("finished");
    expect([...(await opened(stage.files.next)).values()].every((text) => text !== null)).toBe(true);
  });

  test("cancelled at a batch's edge; a new job finishes what is left", async () => {
    const jobId = await startForward();
    await stage.work(jobId, 3);
    await cancelKeyJob({ ctx: { db: stage.db, actor: stage.actor }, input: { jobId } });
    expect((await stage.work(jobId)).state).toBe("cancelled");
    await expect(cancelKeyJob({ ctx: { db: stage.db, actor: stage.actor }, input: { jobId } })).rejects.toThrow(
      /is over/,
    );
    expect((await stage.work(await startForward())).state).toBe("finished");
    expect([...(await opened(stage.files.next)).values()].every((text) => text !== null)).toBe(true);
  });

  test("connections that Postgres ends again and again cost time and nothing else", async () => {
    const before = await opened(stage.files.current);
    const jobId = await startForward();
    let statements = 0;
    let cut = 0;
    const endConnection = () => stage.caracal.db.query("SELECT pg_terminate_backend(pg_backend_pid())");
    const cutting = {
      ...stage.caracal.db,
      query: (async (sql, params) => {
        statements += 1;
        if (statements % 5 !== 0 || cut >= 12) return stage.caracal.db.query(sql, params);
        cut += 1;
        if (cut % 2 === 0) await stage.caracal.db.query(sql, params); // it is done, and nobody is told
        await endConnection();
        throw new Error("the connection did not end");
      }) as typeof stage.caracal.db.query,
    };
    const ctx: KeyContext = { ...stage.ctx, caracal: { ...stage.caracal, db: cutting } };
    for (let turn = 0; turn < 1_000 && (await stage.job(jobId)).state !== "finished"; turn += 1)
      await advanceOneKeyJob(ctx);
    expect(cut).toBe(12);
    expect((await stage.job(jobId)).state).toBe("finished");
    expect(await opened(stage.files.next)).toEqual(before);
  }, 60_000);

  test("one re-encryption at a time, by the database", async () => {
    await startForward();
    await expect(startForward()).rejects.toThrow(/under way/);
    await expect(stage.start({ ...action(), recheck: async () => null }, { direction: "forward" })).rejects.toThrow(
      /under way/,
    );
  });

  test("stopped before any statement of either database, it resumes: nothing lost, nothing sealed twice wrongly", async () => {
    const before = await opened(stage.files.current);
    const jobId = await startForward();
    let stops = 0;
    for (let at = 1; ; at += 1) {
      let statements = 0;
      const die = <T extends { query: unknown }>(db: T): T => ({
        ...db,
        query: async (...given: unknown[]) => {
          statements += 1;
          if (statements > at) throw new Error("killed");
          return (db.query as (...all: unknown[]) => Promise<unknown>)(...given);
        },
      });
      const ctx: KeyContext = {
        ...stage.ctx,
        holder: `killed-${at}`,
        db: die(stage.db),
        caracal: { ...stage.caracal, db: die(stage.caracal.db) },
      };
      await stage.owner.query("UPDATE key_jobs SET heartbeat_at = 'epoch' WHERE id = $1", [jobId]); // its 15 s are over
      try {
        while (await advanceOneKeyJob(ctx));
      } catch {
        stops += 1;
      }
      const values = [await opened(stage.files.current), await opened(stage.files.next)];
      // a write that was on its way may land between the two looks: it is then seen under both keys
      for (const [id, text] of before)
        expect(new Set([values[0]?.get(id), values[1]?.get(id)].filter((one) => one != null))).toEqual(new Set([text]));
      if ((await stage.job(jobId)).state === "finished") break;
      expect(at).toBeLessThan(300);
    }
    expect(stops).toBeGreaterThan(10);
    expect(await opened(stage.files.next)).toEqual(before);
  }, 60_000);
});
