import { setTimeout as pause } from "node:timers/promises";
import {
  groupHasRead,
  isDispatched,
  type KeyGroupState,
  publishTogether,
  readKeyGroup,
  writeInvalidations,
} from "@/server/caracal/keys/key-invalidation";
import { outboxId } from "@/server/caracal/revocation/outbox-id";
import { chooseLane } from "@/server/caracal/revocation/preflight";
import type { KeyContext, KeyJobRow } from "@/server/keys/key-job-rows";
import { leftBehind } from "@/server/keys/rotation/key-consumers";

export type OpenZone = {
  readonly zone_id: string;
  readonly written_at: Date;
  readonly publications: number;
  readonly asked: boolean; // the replicas have been asked what they serve
  readonly delivered: Readonly<Record<string, string>>;
};

/** What this process has learned while it publishes for a job; begun anew after a restart, since it only sets the pace. */
type Pace = { chunk: number; clear: number; readonly unserved: Map<string, number> };
const mostTogether = 64;
const paces = new Map<string, Pace>();
export const paceOf = (jobId: string): Pace => {
  const known = paces.get(jobId) ?? { chunk: mostTogether, clear: 0, unserved: new Map() };
  paces.set(jobId, known);
  return known;
};
export const forgetPace = (jobId: string): boolean => paces.delete(jobId);

const readWithinMs = 2_000;
const mostRounds = 4_000; // four hex digits of the outbox id are the round
const quietMs = 4; // between the last delivery and a publication, so that the two are told apart

async function until(deadlineMs: number, done: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + deadlineMs;
  for (let wait = 2; ; wait = Math.min(wait * 2, 50)) {
    if (await done()) return true;
    if (performance.now() > deadline) return false;
    await pause(wait);
  }
}

/** The consumers that were handed something at or after a moment of Redis's clock. */
const servedSince = (group: KeyGroupState, at: number): string[] =>
  group.consumers.filter(({ deliveredAt }) => deliveredAt !== null && deliveredAt >= at - 1).map(({ name }) => name);

/**
 * Publishes the invalidations of some zones once more and finds out who was handed them. All go out in one MULTI, which Redis hands
 * to the consumer that waits longest; whoever was handed something since then is a candidate, and only a single one is proof: more
 * than one and the chunk was shared between them, so that the next is smaller (trap 3). Gives the consumer, null when not known.
 */
export async function publishOnce(ctx: KeyContext, job: KeyJobRow, zones: readonly OpenZone[]): Promise<string | null> {
  const pace = paceOf(job.id);
  const ready = zones.filter(({ publications }) => publications < mostRounds);
  const rows = ready.map((zone) => ({
    id: outboxId(job.id, zone.zone_id, zone.publications + 1),
    zoneId: zone.zone_id,
  }));
  if (rows.length === 0) return null;
  const lane = await chooseLane(ctx.caracal, rows.length);
  await until(200, async () => {
    const group = await readKeyGroup(ctx.caracal.redis);
    const last = Math.max(0, ...(group?.consumers ?? []).map(({ deliveredAt }) => deliveredAt ?? 0));
    return group === null || Date.now() - last > quietMs;
  });
  const given = lane.kind === "fast" ? await publishFast(ctx, rows) : await publishByApi(ctx, rows);
  await ctx.db.query(
    "UPDATE key_job_zones SET publications = publications + 1 WHERE job_id = $1 AND zone_id = ANY ($2) AND state = 'written'",
    [job.id, given.zoneIds],
  );
  if (given.at === null || !given.read) return null;
  const group = await readKeyGroup(ctx.caracal.redis);
  if (group === null) return null;
  const served = servedSince(group, given.at);
  for (const { name } of group.consumers)
    pace.unserved.set(name, served.includes(name) ? 0 : (pace.unserved.get(name) ?? 0) + 1);
  const [only] = served;
  if (served.length !== 1 || only === undefined) {
    pace.chunk = Math.max(1, Math.floor(pace.chunk / 2));
    pace.clear = 0;
    return null;
  }
  pace.clear += 1;
  if (pace.clear % 3 === 0) pace.chunk = Math.min(mostTogether, pace.chunk * 2);
  await ctx.db.query(
    `UPDATE key_job_zones SET delivered = (delivered::jsonb || jsonb_build_object($3::text, to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))::json
      WHERE job_id = $1 AND zone_id = ANY ($2) AND state = 'written' AND NOT delivered::jsonb ? $3`,
    [job.id, given.provedZoneIds, only],
  );
  return only;
}

/**
 * Which zones to publish next: first those that some consumers have and others lack, since Redis serves readers in turn and the same
 * zone published again goes to the next one; then those published least. Chance decides between equals: in a fixed order the same
 * replica would be handed the same zone every time (trap 3).
 */
export function chooseNext(zones: readonly OpenZone[], living: number, chunk: number): OpenZone[] {
  const turn = ({ publications, delivered }: OpenZone) =>
    Object.keys(delivered).length > 0 && publications < 2 * living + 2 ? -1 : publications;
  return zones
    .map((zone) => ({ zone, turn: turn(zone), chance: Math.random() }))
    .sort((a, b) => a.turn - b.turn || a.chance - b.chance)
    .slice(0, chunk)
    .map(({ zone }) => zone);
}

type Given = {
  readonly zoneIds: readonly string[]; // whose publication of this round is out
  readonly provedZoneIds: readonly string[]; // of those, what we put out ourselves just now
  readonly at: number | null;
  readonly read: boolean;
};
type Rows = readonly { readonly id: string; readonly zoneId: string }[];

async function publishFast(ctx: KeyContext, rows: Rows): Promise<Given> {
  await writeInvalidations(ctx.caracal.db, rows, ctx.holder);
  const out = await publishTogether(
    ctx.caracal,
    rows.map(({ id }) => id),
    ctx.holder,
  );
  // What did not go out with us is another dispatcher's by now, or will be: its round is spent all the same.
  const zoneIds = rows.map(({ zoneId }) => zoneId);
  if (out === null) return { zoneIds, provedZoneIds: [], at: null, read: false };
  const read = await until(readWithinMs, () => groupHasRead(ctx.caracal.redis, out.first, out.last));
  const ours = rows.filter(({ id }) => out.ids.has(id)).map(({ zoneId }) => zoneId);
  return { zoneIds, provedZoneIds: ours, at: out.at, read };
}

/** Without a key of our own the API signs and publishes: one at a time, so that it is known who was handed it. */
async function publishByApi(ctx: KeyContext, rows: Rows): Promise<Given> {
  const [row] = rows;
  const before = await readKeyGroup(ctx.caracal.redis);
  if (row === undefined || before === null) return { zoneIds: [], provedZoneIds: [], at: null, read: false };
  const last = Math.max(0, ...before.consumers.map(({ deliveredAt }) => deliveredAt ?? 0));
  await writeInvalidations(ctx.caracal.db, [row], null);
  const out = await until(readWithinMs, () => isDispatched(ctx.caracal.db, row.id));
  const read =
    out &&
    (await until(readWithinMs, async () => {
      const now = await readKeyGroup(ctx.caracal.redis);
      return now !== null && now.lastDelivered === now.lastEntry && now.lastEntry !== before.lastEntry;
    }));
  return { zoneIds: out ? [row.zoneId] : [], provedZoneIds: [row.zoneId], at: last + 2, read };
}

/** The consumers that must be reached, and the names that a restart left behind. */
export async function livingConsumers(
  ctx: KeyContext,
  job: KeyJobRow,
): Promise<{ readonly living: readonly string[]; readonly dead: ReadonlySet<string>; readonly configured: number }> {
  const configured = ctx.caracal.replicas.filter(({ kind }) => kind === "sts").length;
  const group = await readKeyGroup(ctx.caracal.redis);
  const consumers = group?.consumers ?? [];
  const dead = leftBehind(consumers, paceOf(job.id).unserved, configured);
  return { living: consumers.map(({ name }) => name).filter((name) => !dead.has(name)), dead, configured };
}
