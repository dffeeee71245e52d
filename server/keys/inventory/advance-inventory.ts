import { createPrivateKey, createPublicKey } from "node:crypto";
import { calculateJwkThumbprint } from "jose";
import pMap from "p-map";
import { askJwks, askReadiness } from "@/server/caracal/keys-replicas";
import { judgeJwks } from "@/server/caracal/keys-jwks";
import { openSeal, sealFingerprint } from "@/server/caracal/keys/seal";
import { countSealedValues, readSealedValues, type SealedValue, sealKinds } from "@/server/caracal/keys/sealed-values";
import { nextZones, readZoneKeyRows, type ZoneKeyRow, type ZoneName } from "@/server/caracal/keys/zone-key-rows";
import type { KekSlot, KekState } from "@/server/keys/kek-source";
import { withKeks } from "@/server/keys/kek-source";
import { type KeyContext, type KeyJobRow, noSeals, TakenOver } from "@/server/keys/key-job-rows";
import { zoneTrouble } from "@/server/keys/inventory/zone-trouble";
import type { InventoryVersion, ReplicaJwks, SealCounts, SealCountsByKind } from "@/server/keys/schemas";

const batchSize = 1_000;
const zonesAtOnce = 50;

type Keks = Readonly<Record<KekSlot, Buffer | null>>;
type Opener = "current" | "next" | "neither";
export type InventoryResult = {
  readonly current: string | null; // fingerprints of the keys it was taken with
  readonly next: string | null;
  readonly opens: string | null; // the one that opened most
  readonly counts: SealCountsByKind;
  readonly zones: number;
  readonly troubled: number;
  readonly withoutKey: number; // zones that are not archived and have no signing key
  readonly findings: number;
};

const slots = ["current", "next"] as const;
const emptyCounts = (): Record<(typeof sealKinds)[number], SealCounts> => ({
  secrets: noSeals,
  "provider-configs": noSeals,
  "grant-access-tokens": noSeals,
  "grant-refresh-tokens": noSeals,
});

/** Which key opens a value; what was opened is zeroed at once. */
function openedBy(keks: Keks, value: SealedValue["sealed"]): Opener {
  for (const slot of slots) {
    const kek = keks[slot];
    const plaintext = kek === null ? null : openSeal(kek, value);
    if (plaintext === null) continue;
    plaintext.fill(0);
    return slot;
  }
  return "neither";
}

/** Saves progress; throws when another worker has the job by now. False: it was asked to stop. */
async function beat(ctx: KeyContext, job: KeyJobRow, phase: string, done: number, total: number): Promise<boolean> {
  const [row] = await ctx.db.query<{ stop: boolean }>(
    `UPDATE key_jobs SET phase = $3, done = $4, total = $5, error = NULL, heartbeat_at = now()
      WHERE id = $1 AND holder = $2 AND state = 'running' RETURNING cancel_asked_at IS NOT NULL AS stop`,
    [job.id, ctx.holder, phase, done, total],
  );
  if (row === undefined) throw new TakenOver();
  return !row.stop;
}

async function version(keks: Keks, states: readonly KekState[], row: ZoneKeyRow): Promise<InventoryVersion> {
  const base = { kid: row.kid, version: row.version, createdAt: row.createdAt };
  for (const slot of slots) {
    const kek = keks[slot];
    const pem = kek === null ? null : openSeal(kek, row.sealed);
    if (pem === null) continue;
    const fingerprint = states.find((state) => state.slot === slot)?.fingerprint ?? null;
    try {
      const jwk = createPublicKey(createPrivateKey(pem)).export({ format: "jwk" });
      return { ...base, thumbprint: await calculateJwkThumbprint(jwk as { kty: string }, "sha256"), kek: fingerprint };
    } catch {
      return { ...base, thumbprint: null, kek: fingerprint }; // opens, and is no key: STS leaves it out as well
    } finally {
      pem.fill(0);
    }
  }
  return { ...base, thumbprint: null, kek: null };
}

async function servedBy(ctx: KeyContext, zoneId: string, kids: readonly string[]): Promise<ReplicaJwks[]> {
  const sts = ctx.caracal.replicas.filter((replica) => replica.kind === "sts");
  return pMap(
    sts,
    async (replica) => {
      const answer = await askJwks(replica, zoneId);
      const unclear = answer.status !== null && answer.keys === null;
      const verdict = judgeJwks(kids, answer, unclear ? await askReadiness(replica) : null);
      return { replica: replica.id, status: answer.status, keys: answer.keys ?? [], ...verdict };
    },
    { concurrency: 4 },
  );
}

async function recordFindings(ctx: KeyContext, job: KeyJobRow, values: readonly SealedValue[]): Promise<void> {
  if (values.length === 0) return;
  await ctx.db.query(
    `INSERT INTO key_findings (job_id, seal_kind, row_id, zone_id, seal_fingerprint, pass)
     SELECT $1, f.kind, f.id, f.zone, f.print, 1 FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS f (kind, id, zone, print)
     ON CONFLICT (job_id, seal_kind, row_id) DO UPDATE SET seal_fingerprint = EXCLUDED.seal_fingerprint`,
    [
      job.id,
      values.map(({ kind }) => kind),
      values.map(({ id }) => id),
      values.map(({ zoneId }) => zoneId),
      values.map(({ sealed }) => sealFingerprint(sealed)),
    ],
  );
}

/** Every sealed value by the key that opens it, per zone. Null: asked to stop. */
async function countSeals(ctx: KeyContext, job: KeyJobRow, keks: Keks): Promise<Map<string, SealCountsByKind> | null> {
  const byZone = new Map<string, ReturnType<typeof emptyCounts>>();
  const total = await countSealedValues(ctx.caracal.db);
  let done = 0;
  for (const kind of sealKinds)
    for (let after: string | null = null; ; ) {
      const values = await readSealedValues(ctx.caracal.db, kind, after, batchSize);
      const lost: SealedValue[] = [];
      for (const value of values) {
        const opener = openedBy(keks, value.sealed);
        if (opener === "neither") lost.push(value);
        const zone = byZone.get(value.zoneId) ?? emptyCounts();
        zone[kind] = { ...zone[kind], [opener]: zone[kind][opener] + 1 };
        byZone.set(value.zoneId, zone);
      }
      await recordFindings(ctx, job, lost);
      done += values.length;
      if (!(await beat(ctx, job, "seals", done, Math.max(total, done)))) return null;
      after = values.at(-1)?.id ?? null;
      if (values.length < batchSize) break;
    }
  return byZone;
}

type ZoneRow = {
  readonly zone: ZoneName;
  readonly seals: SealCountsByKind;
  readonly versions: readonly InventoryVersion[];
  readonly jwks: readonly ReplicaJwks[];
  readonly trouble: string | null;
};

async function storeZones(ctx: KeyContext, job: KeyJobRow, rows: readonly ZoneRow[]): Promise<void> {
  await ctx.db.query(
    `INSERT INTO key_inventory_zones (job_id, zone_id, zone_name, zone_slug, archived, seals, versions, jwks, trouble)
     SELECT $1, r->'zone'->>'id', r->'zone'->>'name', r->'zone'->>'slug', (r->'zone'->>'archived')::boolean, r->'seals', r->'versions', r->'jwks', r->>'trouble'
       FROM json_array_elements($2::json) AS r
     ON CONFLICT (job_id, zone_id) DO UPDATE SET seals = EXCLUDED.seals, versions = EXCLUDED.versions, jwks = EXCLUDED.jwks, trouble = EXCLUDED.trouble`,
    [job.id, JSON.stringify(rows)],
  );
}

/**
 * Takes an inventory: which key opens each sealed value (trap 6), each zone's key versions, and whether every STS replica serves
 * them (trap 16). Reads only. In bounded pages, with what is kept per zone; a worker that dies leaves it to be begun anew.
 */
export async function advanceInventory(ctx: KeyContext, job: KeyJobRow): Promise<boolean> {
  return withKeks(ctx.keks, async (keks, states) => {
    const fingerprint = (slot: KekSlot) => states.find((state) => state.slot === slot)?.fingerprint ?? null;
    const seals = await countSeals(ctx, job, keks);
    if (seals === null) return cancel(ctx, job);
    let [zones, troubled, withoutKey] = [0, 0, 0];
    for (let after: string | null = null; ; ) {
      const page = await nextZones(ctx.caracal.db, after, zonesAtOnce);
      const stored = await readZoneKeyRows(
        ctx.caracal.db,
        page.map(({ id }) => id),
      );
      const rows = await pMap(
        page,
        async (zone): Promise<ZoneRow> => {
          const versions = await pMap(stored.get(zone.id) ?? [], (row) => version(keks, states, row));
          const kids = versions.map(({ kid }) => kid);
          const jwks = zone.archived ? [] : await servedBy(ctx, zone.id, kids);
          const counts = seals.get(zone.id) ?? emptyCounts();
          return { zone, seals: counts, versions, jwks, trouble: zoneTrouble({ zone, seals: counts, versions, jwks }) };
        },
        { concurrency: 4 },
      );
      await storeZones(ctx, job, rows);
      zones += rows.length;
      troubled += rows.filter(({ trouble }) => trouble !== null).length;
      withoutKey += rows.filter(({ zone, versions }) => !zone.archived && versions.length === 0).length;
      if (!(await beat(ctx, job, "zones", zones, zones))) return cancel(ctx, job);
      after = page.at(-1)?.id ?? null;
      if (page.length < zonesAtOnce) break;
    }
    await finish(ctx, job, seals, {
      current: fingerprint("current"),
      next: fingerprint("next"),
      zones,
      troubled,
      withoutKey,
    });
    return false;
  });
}

async function cancel(ctx: KeyContext, job: KeyJobRow): Promise<boolean> {
  await ctx.db.query(
    "UPDATE key_jobs SET state = 'cancelled', finished_at = clock_timestamp(), phase = 'end' WHERE id = $1 AND holder = $2 AND state = 'running'",
    [job.id, ctx.holder],
  );
  return false;
}

async function finish(
  ctx: KeyContext,
  job: KeyJobRow,
  seals: ReadonlyMap<string, SealCountsByKind>,
  seen: Pick<InventoryResult, "current" | "next" | "zones" | "troubled" | "withoutKey">,
): Promise<void> {
  const counts = emptyCounts();
  for (const zone of seals.values())
    for (const kind of sealKinds)
      counts[kind] = {
        current: counts[kind].current + zone[kind].current,
        next: counts[kind].next + zone[kind].next,
        neither: counts[kind].neither + zone[kind].neither,
      };
  const sum = (of: Opener) => sealKinds.reduce((total, kind) => total + counts[kind][of], 0);
  const most = sum("next") > sum("current") ? seen.next : seen.current;
  const result: InventoryResult = {
    ...seen,
    opens: sum("current") + sum("next") === 0 ? null : most,
    counts,
    findings: sum("neither"),
  };
  await ctx.db.query(
    `UPDATE key_jobs SET state = 'finished', finished_at = clock_timestamp(), phase = 'end', result = $3, from_kek = $4, to_kek = $5
      WHERE id = $1 AND holder = $2 AND state = 'running'`,
    [job.id, ctx.holder, JSON.stringify(result), seen.current, seen.next],
  );
}
