import { randomUUID } from "node:crypto";
import { z } from "zod";
import { agreedAs } from "@/server/approvals/agreed-as";
import type { ApprovedAction, Stored } from "@/server/approvals/approved-action";
import type { Deployment } from "@/server/caracal/deployment";
import { openSeal } from "@/server/caracal/keys/seal";
import { readZoneKeyRows } from "@/server/caracal/keys/zone-key-rows";
import { kekStates, type KekProvider, withKeks } from "@/server/keys/kek-source";
import { openWriter } from "@/server/keys/open-writer";
import { askEveryReplica } from "@/server/keys/rotation/prove-zones";
import { wantedFingerprint } from "@/server/keys/wanted-fingerprint";
import { idText } from "@/server/platform/page";
import { DomainError } from "@/server/platform/errors";
import type { Database, Queryable } from "@/server/platform/postgres";

type Parts = { readonly db: Database; readonly caracal: Deployment; readonly keks: KekProvider };
type Zone = { readonly id: string; readonly name: string; readonly slug: string };

const mostZones = 5_000;
const sampled = 20; // zones whose JWKS every replica is asked for before a request
const modes = z.enum(["routine", "compromise"]);
const asked = z.object({ zoneIds: z.array(idText).min(1).max(mostZones).nullable(), mode: modes });
const agreed = z.object({ mode: modes, kek: z.string(), zones: z.number() });

const livingZones = (db: Queryable, ids: readonly string[] | null): Promise<Zone[]> =>
  db.query<Zone>(
    `SELECT id, name, slug FROM zones WHERE archived_at IS NULL AND ($1::text[] IS NULL OR id = ANY ($1)) ORDER BY id LIMIT $2`,
    [ids, mostZones + 1],
  );

/**
 * The one configured KEK that opens the newest signing key of every zone that has one: what is new must be sealed under it, or the
 * STS replicas could not open it. @throws precondition_failed when there is none or there are two
 */
async function rightKek({ db, caracal, keks }: Parts): Promise<string> {
  return withKeks(keks, async (keys, states) => {
    const openers = new Set<string>();
    let lost = 0;
    for (let after: string | null = null; ; ) {
      const zones: Zone[] = await caracal.db.query<Zone>(
        "SELECT id, name, slug FROM zones WHERE archived_at IS NULL AND ($1::text IS NULL OR id > $1) ORDER BY id LIMIT 500",
        [after],
      );
      const rows = await readZoneKeyRows(
        caracal.db,
        zones.map(({ id }) => id),
        1,
      );
      for (const [row] of rows.values()) {
        if (row === undefined) continue;
        const state = states.find(({ slot }) => {
          const key = keys[slot];
          const pem = key === null ? null : openSeal(key, row.sealed);
          pem?.fill(0);
          return pem !== null;
        });
        if (state?.fingerprint) openers.add(state.fingerprint);
        else lost += 1;
      }
      after = zones.at(-1)?.id ?? null;
      if (zones.length < 500) break;
    }
    const [only, second] = [...openers];
    if (second !== undefined)
      throw new DomainError(
        "precondition_failed",
        `Signing keys are under two KEKs, ${only} and ${second}: finish the re-encryption first, or a new key is sealed under one that some replica does not have.`,
      );
    if (only !== undefined) return only;
    const [first] = states.flatMap(({ fingerprint }) => fingerprint ?? []);
    if (lost === 0 && first !== undefined) return first; // no zone has a key yet
    throw new DomainError(
      "precondition_failed",
      `No zone's newest signing key opens under a key that this console has (${states.map(({ setting, fingerprint }) => `${setting}: ${fingerprint ?? "none"}`).join(", ")}). ${await wantedFingerprint(db)}`,
    );
  });
}

/** Which replica could not use a key that is sealed as the newest ones are, in words; null: every one serves them. */
async function replicaBehind(caracal: Deployment, zones: readonly Zone[], kek: string): Promise<string | null> {
  const rows = await readZoneKeyRows(
    caracal.db,
    zones.slice(0, 500).map(({ id }) => id),
    1,
  );
  const withKey = zones.filter(({ id }) => (rows.get(id)?.length ?? 0) > 0).slice(0, sampled);
  const answers = await askEveryReplica(
    { caracal },
    withKey.map(({ id }) => id),
  );
  for (const { id, name } of withKey) {
    const newest = rows.get(id)?.[0]?.kid;
    const behind = (answers.get(id) ?? []).find(
      ({ status, keys }) =>
        status !== null && (status === 500 || (status === 200 && !keys.some(({ kid }) => kid === newest))),
    );
    if (behind !== undefined)
      return `${behind.replica} does not open the newest key of zone ${name}, which is sealed under ${kek}: recreate it on that KEK first. A key made now would stop it, or leave it signing with the old one.`;
  }
  return null;
}

async function liveSessions(db: Queryable, zoneIds: readonly string[]): Promise<number> {
  const [row] = await db.query<{ live: number }>(
    `SELECT count(*)::int AS live FROM (
       SELECT 1 FROM sessions WHERE zone_id = ANY ($1) AND status = 'active' AND expires_at > now() LIMIT 100001) capped`,
    [zoneIds],
  );
  return row?.live ?? 0;
}

/** "Rotate zone signing keys" as two people agree on it: which zones, how, and under which KEK the new keys are sealed. */
export function rotateAction(parts: Parts): ApprovedAction<"rotate-zone-key"> {
  const { db, caracal, keks } = parts;
  return {
    action: "rotate-zone-key",
    async freeze(parameters) {
      const parsed = asked.safeParse(parameters);
      if (!parsed.success)
        throw new DomainError("bad_input", "Rotating needs zones (or all of them) and a mode: routine or compromise.");
      const { zoneIds, mode } = parsed.data;
      const zones = await livingZones(caracal.db, zoneIds === null ? null : [...new Set(zoneIds)]);
      if (zones.length > mostZones)
        throw new DomainError("precondition_failed", `More than ${mostZones} zones: name them, in parts.`);
      if (zones.length === 0 || (zoneIds !== null && zones.length < new Set(zoneIds).size))
        throw new DomainError(
          "not_found",
          "A zone is not there, or is archived: STS ignores those. Nothing was asked for.",
        );
      const kek = await rightKek(parts);
      const behind = await replicaBehind(caracal, zones, kek);
      if (behind !== null) throw new DomainError("precondition_failed", behind);
      const live = await liveSessions(
        caracal.db,
        zones.map(({ id }) => id),
      );
      const [one] = zones;
      const where =
        zones.length === 1 && one !== undefined ? `zone ${one.name}` : `${zones.length.toLocaleString("en-US")} zones`;
      return {
        parameters: { mode, kek, zones: zones.length },
        targets: zones.map(({ id }) => id),
        preconditions: { kek },
        blast: {
          sentence:
            mode === "compromise"
              ? `Two new signing keys for ${where}, so that the stolen one leaves the JWKS (it serves the newest two): every live mandate dies as verifiers notice, within 5 to 10 minutes`
              : `One new signing key for ${where}; the one before it goes on verifying. Against a stolen key this is not enough`,
          figures: [
            { name: "zones", value: zones.length, source: "zones" },
            { name: "new versions in each", value: mode === "compromise" ? 2 : 1, source: "mode" },
            {
              name: mode === "compromise" ? "live sessions whose mandates die" : "live sessions",
              value: live,
              source: "sessions",
            },
          ],
        },
        severity: "P1",
        playbookVersion: "rotate-zone-keys@1",
      };
    },
    zonesOf: ({ targets }) => targets,
    async recheck(stored) {
      const { kek } = agreedAs(agreed, stored.parameters);
      if (!(await kekStates(keks)).some(({ fingerprint }) => fingerprint === kek))
        return `The console does not have the key ${kek} any more.`;
      const now = await rightKek(parts).catch((error: unknown) => {
        if (error instanceof DomainError && error.code === "precondition_failed") return error.message;
        throw error;
      });
      if (now !== kek) return `Signing keys are no longer sealed under ${kek} alone.`;
      const zones = await livingZones(caracal.db, stored.targets.slice(0, 500));
      if (zones.length === 0) return "None of the zones is there any more.";
      return (await replicaBehind(caracal, zones, kek)) ?? (await openWriter(db));
    },
    async start(tx, stored: Stored, by) {
      const { mode, kek } = agreedAs(agreed, stored.parameters);
      const names = new Map((await livingZones(caracal.db, stored.targets)).map((zone) => [zone.id, zone]));
      const id = randomUUID();
      const rows = await tx.query(
        `INSERT INTO key_jobs (id, kind, phase, approval_id, incident_id, parameters, to_kek, total, reason, requested_by_id, requested_by_name)
         VALUES ($1, 'rotate', 'write', $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING 1`,
        [
          id,
          stored.approvalId,
          stored.incidentId,
          JSON.stringify({ mode }),
          kek,
          stored.targets.length,
          stored.reason,
          by.id,
          by.name,
        ],
      );
      if (rows.length === 0) throw new DomainError("conflict", "Another re-encryption or rotation is under way.");
      const kids = () => Array.from({ length: mode === "compromise" ? 2 : 1 }, () => randomUUID());
      await tx.query(
        `INSERT INTO key_job_zones (job_id, zone_id, zone_name, zone_slug, kids)
         SELECT $1, z->>'id', z->>'name', z->>'slug', ARRAY(SELECT json_array_elements_text(z->'kids')) FROM json_array_elements($2::json) AS z`,
        [
          id,
          JSON.stringify(
            stored.targets.map((zoneId) => {
              const zone = names.get(zoneId);
              return { id: zoneId, name: zone?.name ?? zoneId, slug: zone?.slug ?? zoneId, kids: kids() };
            }),
          ),
        ],
      );
      return `key-job:${id}`;
    },
    wake: async () => undefined, // the key worker of any replica finds it within half a second
  };
}
