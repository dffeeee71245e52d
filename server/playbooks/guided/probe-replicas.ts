import { nextZones, readZoneKeyRows, type ZoneKeyRow, type ZoneName } from "@/server/caracal/keys/zone-key-rows";
import { askEveryReplica } from "@/server/keys/rotation/prove-zones";
import { readSpools } from "@/server/keys/spools";
import type { Looking } from "@/server/playbooks/guided/playbook";
import { no, unknown, yes } from "@/server/playbooks/guided/probed";
import type { Probed } from "@/server/playbooks/guided/schemas";

const page = 200;
const sampled = 20; // zones that each replica is asked for while somebody only looks

type ZoneWithKeys = { readonly name: string; readonly keys: readonly ZoneKeyRow[] }; // newest first, at most two

/** The living zones that a run is about and that have a signing key, each with its two newest rows, in pages by id. */
export async function* zonesWithKeys({
  caracal,
  run,
}: Pick<Looking, "caracal" | "run">): AsyncGenerator<ReadonlyMap<string, ZoneWithKeys>> {
  for (let after: string | null = null; ; ) {
    const zones: Pick<ZoneName, "id" | "name" | "archived">[] =
      run.zone_id === null
        ? await nextZones(caracal.db, after, page)
        : [{ id: run.zone_id, name: run.zone_name ?? run.zone_id, archived: false }];
    const living = zones.filter(({ archived }) => !archived);
    const rows = await readZoneKeyRows(
      caracal.db,
      living.map(({ id }) => id),
      2,
    );
    const found = living.map(({ id, name }): [string, ZoneWithKeys] => [id, { name, keys: rows.get(id) ?? [] }]);
    yield new Map(found.filter(([, { keys }]) => keys.length > 0));
    after = zones.at(-1)?.id ?? null;
    if (zones.length < page) return;
  }
}

/** The zones that the newest inventory found trouble with: what is wrong somewhere is likely wrong there. */
async function troubledZones({ db }: Looking): Promise<string[]> {
  const rows = await db.query<{ zone_id: string }>(
    `SELECT zone_id FROM key_inventory_zones WHERE trouble IS NOT NULL
        AND job_id = (SELECT id FROM key_jobs WHERE kind = 'inventory' AND state = 'finished' ORDER BY finished_at DESC LIMIT 1)
      ORDER BY zone_slug LIMIT ${sampled}`,
  );
  return rows.map(({ zone_id }) => zone_id);
}

/** What is wrong with, or unknown of, the replicas' answers for these zones; null: every one serves exactly the two newest rows. */
async function notServing({ caracal }: Looking, zoneIds: readonly string[]): Promise<Probed | null> {
  const answers = [...(await askEveryReplica({ caracal }, zoneIds)).values()].flat();
  const replicas = caracal.replicas.filter(({ kind }) => kind === "sts").map(({ id }) => id);
  const wrong = replicas.flatMap((replica) => {
    const first = answers.find((answer) => answer.replica === replica && answer.agrees === false);
    return first === undefined ? [] : [`${replica}: ${first.reason ?? "serves other keys."}`];
  });
  if (wrong.length > 0) return no(wrong.join(" "));
  const silent = replicas.filter((replica) => answers.some((one) => one.replica === replica && one.agrees === null));
  return silent.length > 0 ? unknown(`${silent.join(", ")} did not answer.`) : null;
}

/**
 * Every STS replica serves exactly the two newest rows of the zones that have a key: it opens what is sealed now (trap 16). Looking
 * asks for a sample, troubled zones first; settling the step asks for every zone.
 */
export async function replicasOnKey(looking: Looking): Promise<Probed> {
  const replicas = looking.caracal.replicas.filter(({ kind }) => kind === "sts").map(({ id }) => id);
  if (replicas.length === 0) return unknown("No STS address is configured: what they serve cannot be asked.");
  const zones: string[] = [];
  for await (const found of zonesWithKeys(looking)) zones.push(...found.keys());
  if (zones.length === 0) return unknown("No zone has a signing key: which KEK a replica runs on cannot be told.");
  const troubled = new Set(await troubledZones(looking));
  const first = [...zones.filter((id) => troubled.has(id)), ...zones.filter((id) => !troubled.has(id))].slice(
    0,
    sampled,
  );
  const early = await notServing(looking, first);
  if (early !== null) return early;
  const list = replicas.join(", ");
  if (first.length === zones.length)
    return yes(`${list} serve the two newest keys of all ${zones.length} zones with a key.`);
  if (!looking.thorough)
    return yes(
      `${list} serve the two newest keys of ${first.length} zones of ${zones.length}; going on asks for every one.`,
    );
  for (let at = 0; at < zones.length; at += page) {
    const trouble = await notServing(looking, zones.slice(at, at + page));
    if (trouble !== null) return trouble;
  }
  return yes(`${list} serve the two newest keys of all ${zones.length} zones with a key.`);
}

/**
 * As `replicasOnKey`, with what waits in each audit spool right now: recreating a replica destroys its spool (trap 17), so it is read
 * again just before each.
 */
export async function recreatedOnKey(looking: Looking): Promise<Probed> {
  const [probed, spools] = await Promise.all([replicasOnKey(looking), readSpools(looking.caracal)]);
  const holding = spools
    .filter(({ pending }) => (pending ?? 0) > 0)
    .map(({ replica, pending }) => `${replica} ${pending}`);
  if (probed.done !== true && holding.length > 0)
    return {
      ...probed,
      sentence: `Events wait in spools (${holding.join(", ")}): restart those plainly before they are recreated. ${probed.sentence}`,
    };
  const counts = spools.map(({ replica, pending }) => `${replica} ${pending ?? "did not say"}`).join(", ");
  return { ...probed, sentence: `${probed.sentence} In spools right now: ${counts || "no address"}.` };
}
