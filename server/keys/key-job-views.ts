import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { type SealKind, sealKinds } from "@/server/caracal/keys/sealed-values";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import type { InventoryResult } from "@/server/keys/inventory/advance-inventory";
import { type KeyJobRow, noSeals } from "@/server/keys/key-job-rows";
import type {
  findingsInput,
  InventoryZone,
  inventoryZonesInput,
  KeyFinding,
  KeyJobView,
  keyJobZonesInput,
  listKeyJobsInput,
  RotatedZone,
  SealCountsByKind,
} from "@/server/keys/schemas";
import { DomainError } from "@/server/platform/errors";
import { exactInstantSql } from "@/server/platform/exact-time";
import { decodeCursor, encodeCursor, oneKey, timeAndId } from "@/server/platform/keyset-cursor";
import { type Page, pageOf } from "@/server/platform/page";
import type { Database, Queryable } from "@/server/platform/postgres";

type Viewer = Pick<Actor, "id" | "roles">;
type Context = { readonly db: Database; readonly actor: Viewer };
type Row = KeyJobRow & { readonly now: Date; readonly findings: number; readonly zones: KeyJobView["zones"] };

const columns = `key_jobs.*, now() AS now, (SELECT count(*)::int FROM key_findings f WHERE f.job_id = key_jobs.id) AS findings,
  CASE WHEN kind = 'rotate' THEN (SELECT json_build_object(
    'planned', count(*) FILTER (WHERE z.state = 'planned'), 'written', count(*) FILTER (WHERE z.state = 'written'),
    'proved', count(*) FILTER (WHERE z.state = 'proved'), 'left', count(*) FILTER (WHERE z.state = 'left'))
    FROM key_job_zones z WHERE z.job_id = key_jobs.id) END AS zones`;

/** A job that the viewer may see: one of a restricted incident is as if it were not there. @throws not_found */
export async function loadVisibleKeyJob(db: Queryable, actor: Viewer, id: string): Promise<Row> {
  const [row] = await db.query<Row>(
    `SELECT ${columns} FROM key_jobs WHERE id = $1 AND (incident_id IS NULL OR ${visibleByIncident("key_jobs.incident_id", 2)})`,
    [id, ...viewerParams(actor)],
  );
  if (row === undefined) throw new DomainError("not_found", "No such key job.", { id });
  return row;
}

const sum = (counts: SealCountsByKind, of: "current" | "next" | "neither") =>
  sealKinds.reduce((total, kind) => total + counts[kind][of], 0);

function sentenceOf(job: Row, counts: SealCountsByKind | null): string {
  const all = counts ?? null;
  if (job.kind === "inventory") {
    if (job.state !== "finished")
      return job.state === "cancelled" ? "Cancelled." : "Looking at every sealed value and every zone's keys.";
    const result = job.result as InventoryResult;
    const lost = result.findings === 0 ? "" : ` ${result.findings} open under neither.`;
    return `${sum(result.counts, "current")} values open under the current key, ${sum(result.counts, "next")} under the next.${lost} ${result.troubled} of ${result.zones} zones need a look.`;
  }
  if (job.kind === "rotate") {
    const zones = job.zones ?? { planned: 0, written: 0, proved: 0, left: 0 };
    const open = zones.planned + zones.written;
    return `${zones.proved} of ${zones.proved + open} zones proved${zones.written > 0 ? `, ${zones.written} written and not yet proved at every STS` : ""}${zones.left > 0 ? `, ${zones.left} left as they were` : ""}.`;
  }
  const last = job.passes.at(-1);
  if (job.state === "finished" && last !== undefined)
    return last.moved === 0
      ? `All ${sum(last.counts, "next")} values opened under ${job.to_kek}, none under ${job.from_kek}, in walk ${last.pass}.`
      : `The last walk still moved ${last.moved} values.`;
  if (job.state === "refused") return job.error ?? "Refused.";
  if (job.state === "cancelled") return `Cancelled in walk ${job.pass}: values are under both keys.`;
  return `Walk ${job.pass}: ${job.counts.moved ?? 0} moved${all === null ? "" : `, ${sum(all, "next")} there already`}.`;
}

function view(job: Row): KeyJobView {
  const result = job.kind === "inventory" ? (job.result as InventoryResult | null) : null;
  const { moved: _moved, ...counted } = job.counts;
  const empty = Object.keys(counted).length === 0;
  const full = (given: Partial<SealCountsByKind>) =>
    Object.fromEntries(sealKinds.map((kind: SealKind) => [kind, given[kind] ?? noSeals])) as SealCountsByKind;
  const counts = result !== null ? result.counts : empty ? null : full(counted);
  const running = job.state === "running" && job.pass_started_at !== null;
  const seconds =
    running && job.pass_started_at !== null ? (job.now.getTime() - job.pass_started_at.getTime()) / 1_000 : 0;
  const perSecond = running && seconds > 0.5 ? job.done / seconds : null;
  const left =
    perSecond === null || perSecond === 0 || job.total === null ? null : Math.max(0, job.total - job.done) / perSecond;
  return {
    id: job.id,
    kind: job.kind,
    state: job.state,
    phase: job.phase,
    incidentId: job.incident_id,
    approvalId: job.approval_id,
    fromKek: job.from_kek,
    toKek: job.to_kek,
    mode: job.parameters.mode ?? null,
    reason: job.reason,
    requestedBy: { id: job.requested_by_id, name: job.requested_by_name },
    requestedAt: job.requested_at.toISOString(),
    startedAt: job.started_at?.toISOString() ?? null,
    finishedAt: job.finished_at?.toISOString() ?? null,
    cancelAsked: job.cancel_asked_at !== null,
    pass: job.pass,
    done: job.done,
    total: job.total,
    perSecond,
    secondsLeft: left,
    counts,
    passes: job.passes,
    zones: job.zones,
    findings: job.findings,
    sentence: sentenceOf(job, counts),
    error: job.error,
  };
}

/** One job as it stands. @throws not_found */
export const getKeyJob = async ({ ctx, input }: { ctx: Context; input: { jobId: string } }): Promise<KeyJobView> =>
  view(await loadVisibleKeyJob(ctx.db, ctx.actor, input.jobId));

/** Jobs that the viewer may see, newest first. @throws stale_cursor */
export async function listKeyJobs({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof listKeyJobsInput>;
}): Promise<Page<KeyJobView>> {
  const [at, id] = decodeCursor("key-jobs", {}, input.cursor, timeAndId) ?? [null, null];
  const rows = await ctx.db.query<Row & { exact_at: string }>(
    `SELECT ${columns}, ${exactInstantSql("requested_at")} AS exact_at FROM key_jobs
      WHERE ($1::timestamptz IS NULL OR (requested_at, id) < ($1::timestamptz, $2::uuid))
        AND (incident_id IS NULL OR ${visibleByIncident("key_jobs.incident_id", 4)})
      ORDER BY requested_at DESC, id DESC LIMIT $3`,
    [at, id, input.limit + 1, ...viewerParams(ctx.actor)],
  );
  const { rows: page, nextCursor } = pageOf(rows, input.limit, (last) =>
    encodeCursor("key-jobs", {}, [last.exact_at, last.id]),
  );
  return {
    rows: page.map(view),
    nextCursor,
  };
}

type ZoneRow = {
  zone_id: string;
  zone_name: string;
  zone_slug: string;
  state: RotatedZone["state"];
  kids: string[];
  versions: number[] | null;
  written_at: Date | null;
  publications: number;
  delivered: Record<string, string>;
  jwks: RotatedZone["jwks"];
  note: string | null;
  proved_at: Date | null;
};

/** The zones of a rotation by id: the proof per STS consumer and per replica. @throws not_found, stale_cursor */
export async function listKeyJobZones({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof keyJobZonesInput>;
}): Promise<Page<RotatedZone>> {
  await loadVisibleKeyJob(ctx.db, ctx.actor, input.jobId);
  const filter = { job: input.jobId, state: input.state };
  const after = decodeCursor("key-job-zones", filter, input.cursor, oneKey)?.[0] ?? null;
  const rows = await ctx.db.query<ZoneRow>(
    `SELECT * FROM key_job_zones WHERE job_id = $1 AND ($2::text IS NULL OR state = $2) AND ($3::text IS NULL OR zone_id > $3)
      ORDER BY zone_id LIMIT $4`,
    [input.jobId, input.state ?? null, after, input.limit + 1],
  );
  const names = [...new Set(rows.flatMap(({ delivered }) => Object.keys(delivered)))].sort();
  const { rows: page, nextCursor } = pageOf(rows, input.limit, (last) =>
    encodeCursor("key-job-zones", filter, [last.zone_id]),
  );
  return {
    rows: page.map((row) => ({
      zone: { id: row.zone_id, name: row.zone_name, slug: row.zone_slug },
      state: row.state,
      kids: row.kids,
      versions: row.versions ?? [],
      writtenAt: row.written_at?.toISOString() ?? null,
      publications: row.publications,
      consumers: names.map((name) => ({ name, deliveredAt: row.delivered[name] ?? null, note: null })),
      jwks: row.jwks,
      note: row.note,
      provedAt: row.proved_at?.toISOString() ?? null,
    })),
    nextCursor,
  };
}

/** What an inventory saw, troubled zones first, then by slug. @throws not_found, stale_cursor */
export async function listInventoryZones({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof inventoryZonesInput>;
}): Promise<Page<InventoryZone>> {
  await loadVisibleKeyJob(ctx.db, ctx.actor, input.jobId);
  const filter = { job: input.jobId, troubled: String(input.troubledOnly) };
  const key = decodeCursor("inventory-zones", filter, input.cursor, (keys) =>
    keys.length === 3 ? ([keys[0] ?? "", keys[1] ?? "", keys[2] ?? ""] as const) : null,
  );
  const rows = await ctx.db.query<{
    zone_id: string;
    zone_name: string;
    zone_slug: string;
    archived: boolean;
    seals: SealCountsByKind;
    versions: InventoryZone["versions"];
    jwks: InventoryZone["jwks"];
    trouble: string | null;
  }>(
    `SELECT * FROM key_inventory_zones WHERE job_id = $1 AND (NOT $2 OR trouble IS NOT NULL)
        AND ($3::boolean IS NULL OR ((trouble IS NULL), zone_slug, zone_id) > ($3, $4, $5))
      ORDER BY (trouble IS NULL), zone_slug, zone_id LIMIT $6`,
    [
      input.jobId,
      input.troubledOnly,
      key === null ? null : key[0] === "true",
      key?.[1] ?? null,
      key?.[2] ?? null,
      input.limit + 1,
    ],
  );
  const { rows: page, nextCursor } = pageOf(rows, input.limit, (last) =>
    encodeCursor("inventory-zones", filter, [String(last.trouble === null), last.zone_slug, last.zone_id]),
  );
  return {
    rows: page.map((row) => ({
      zone: { id: row.zone_id, name: row.zone_name, slug: row.zone_slug, archived: row.archived },
      seals: row.seals,
      versions: row.versions,
      jwks: row.jwks,
      trouble: row.trouble,
    })),
    nextCursor,
  };
}

/** Values that no configured key opens, as the job met them. @throws not_found, stale_cursor */
export async function listFindings({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof findingsInput>;
}): Promise<Page<KeyFinding>> {
  await loadVisibleKeyJob(ctx.db, ctx.actor, input.jobId);
  const filter = { job: input.jobId };
  const key = decodeCursor("key-findings", filter, input.cursor, (keys) =>
    keys.length === 2 ? ([keys[0] ?? "", keys[1] ?? ""] as const) : null,
  );
  const rows = await ctx.db.query<{
    seal_kind: SealKind;
    row_id: string;
    zone_id: string;
    seal_fingerprint: string;
    found_at: Date;
  }>(
    `SELECT * FROM key_findings WHERE job_id = $1 AND ($2::text IS NULL OR (seal_kind, row_id) > ($2, $3))
      ORDER BY seal_kind, row_id LIMIT $4`,
    [input.jobId, key?.[0] ?? null, key?.[1] ?? null, input.limit + 1],
  );
  const { rows: page, nextCursor } = pageOf(rows, input.limit, (last) =>
    encodeCursor("key-findings", filter, [last.seal_kind, last.row_id]),
  );
  return {
    rows: page.map((row) => ({
      kind: row.seal_kind,
      rowId: row.row_id,
      zoneId: row.zone_id,
      sealFingerprint: row.seal_fingerprint,
      foundAt: row.found_at.toISOString(),
    })),
    nextCursor,
  };
}
