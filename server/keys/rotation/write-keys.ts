import { createPrivateKey, generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import pMap from "p-map";
import { insertZoneKeys, livingZones, type NewZoneKey } from "@/server/caracal/keys/insert-zone-keys";
import { openSeal, seal } from "@/server/caracal/keys/seal";
import { outboxId } from "@/server/caracal/revocation/outbox-id";
import { chooseLane } from "@/server/caracal/revocation/preflight";
import { withKeks } from "@/server/keys/kek-source";
import { type KeyContext, type KeyJobRow, noteTrouble, TakenOver } from "@/server/keys/key-job-rows";

const zonesAtOnce = 100;
const makeKeyPair = promisify(generateKeyPair);

/** A new P-256 key as PEM (SEC1), sealed, opened again and compared before anybody stores it. */
async function newSealedKey(kek: Buffer) {
  const { privateKey } = await makeKeyPair("ec", { namedCurve: "P-256" });
  const pem = Buffer.from(privateKey.export({ type: "sec1", format: "pem" }));
  try {
    const sealed = seal(kek, pem);
    const again = openSeal(kek, sealed);
    if (again === null || !createPrivateKey(again).equals(privateKey))
      throw new Error("A new key does not open to what was sealed: nothing was written.");
    again.fill(0);
    return sealed;
  } finally {
    pem.fill(0);
  }
}

/** Gives the next planned zones their keys. True: more to do at once; null: none is left to write. */
export async function writeKeys(ctx: KeyContext, job: KeyJobRow): Promise<boolean | null> {
  const planned = await ctx.db.query<{ zone_id: string; kids: string[] }>(
    "SELECT zone_id, kids FROM key_job_zones WHERE job_id = $1 AND state = 'planned' ORDER BY zone_id LIMIT $2",
    [job.id, zonesAtOnce],
  );
  if (planned.length === 0) return null;
  return withKeks(ctx.keks, async (keks, states) => {
    const slot = states.find(({ fingerprint }) => fingerprint === job.to_kek)?.slot;
    const kek = slot === undefined ? null : keks[slot];
    if (kek === null) {
      await noteTrouble(
        ctx,
        job.id,
        `The console does not have the key ${job.to_kek}. It goes on when the key is back.`,
      );
      return false;
    }
    const living = await livingZones(
      ctx.caracal.db,
      planned.map(({ zone_id }) => zone_id),
    );
    const zones = planned.filter(({ zone_id }) => living.has(zone_id));
    const keys: NewZoneKey[] = await pMap(
      zones.flatMap(({ zone_id, kids }) => kids.map((kid, at) => ({ kid, zoneId: zone_id, nth: at + 1 }))),
      async (key) => ({ ...key, sealed: await newSealedKey(kek) }),
      { concurrency: 4 },
    );
    const lane = await chooseLane(ctx.caracal, zones.length);
    const written = await insertZoneKeys(
      ctx.caracal.db,
      keys,
      zones.map(({ zone_id }) => ({ id: outboxId(job.id, zone_id, 1), zoneId: zone_id })),
      lane.kind === "fast" ? ctx.holder : null,
    );
    const versions = zones.map(({ zone_id, kids }) =>
      JSON.stringify(kids.map((kid) => written.find((key) => key.kid === kid && key.zoneId === zone_id)?.version)),
    );
    await ctx.db.transaction(async (tx) => {
      const mine = await tx.query(
        "UPDATE key_jobs SET phase = 'write', error = NULL, heartbeat_at = now() WHERE id = $1 AND holder = $2 AND state = 'running' RETURNING 1",
        [job.id, ctx.holder],
      );
      if (mine.length === 0) throw new TakenOver();
      await tx.query(
        `UPDATE key_job_zones z SET state = 'written', written_at = clock_timestamp(), versions = ARRAY(SELECT v::int FROM json_array_elements_text(w.versions::json) AS v)
           FROM unnest($2::text[], $3::text[]) AS w (zone_id, versions) WHERE z.job_id = $1 AND z.zone_id = w.zone_id AND z.state = 'planned'`,
        [job.id, zones.map(({ zone_id }) => zone_id), versions],
      );
      await tx.query(
        `UPDATE key_job_zones SET state = 'left', note = 'Archived or gone by the time it was its turn: STS ignores it.'
          WHERE job_id = $1 AND zone_id = ANY ($2) AND state = 'planned'`,
        [job.id, planned.filter(({ zone_id }) => !living.has(zone_id)).map(({ zone_id }) => zone_id)],
      );
    });
    return true;
  });
}
