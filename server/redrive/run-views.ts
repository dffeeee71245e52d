import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import { exactInstantSql } from "@/server/platform/exact-time";
import { decodeCursor, encodeCursor, oneKey, timeAndId } from "@/server/platform/keyset-cursor";
import { type Page, pageOf } from "@/server/platform/page";
import type { Database } from "@/server/platform/postgres";
import { loadVisibleRun, type RunRow } from "@/server/redrive/run-rows";
import {
  type entriesOfRunInput,
  type EntryHistory,
  type entryHistoryInput,
  letterClasses,
  type LetterGroup,
  type listRunsInput,
  type RedriveEntry,
  type RedriveRun,
  type runInput,
} from "@/server/redrive/schemas";

type Context = { readonly db: Database; readonly actor: Pick<Actor, "id" | "roles"> };

function viewOf(run: RunRow): RedriveRun {
  const ended = run.finished_at ?? new Date();
  const seconds = run.started_at === null ? 0 : (ended.getTime() - run.started_at.getTime()) / 1_000;
  return {
    id: run.id,
    kind: run.kind,
    stream: run.stream,
    target: run.target,
    state: run.state,
    incidentId: run.incident_id,
    approvalId: run.approval_id,
    ofRun: run.of_run,
    reason: run.reason,
    lastId: run.last_id,
    leftOut: run.left_out,
    entries: run.entries,
    archive: run.archive_sha256 === null ? null : { sha256: run.archive_sha256, bytes: Number(run.archive_bytes) },
    exported:
      run.exported_at === null ? null : { at: run.exported_at.toISOString(), by: run.exported_by ?? "somebody" },
    chosen: run.chosen,
    digest: run.digest,
    rate: run.rate,
    canary: run.canary,
    canaryPassed: run.canary_passed,
    mostLag: run.most_lag,
    mostFailures: run.most_failures,
    pause: run.pause_reason === null ? null : { reason: run.pause_reason, by: run.paused_by },
    added: run.added,
    addedAgain: run.added_again,
    confirmed: run.confirmed,
    retired: run.retired,
    failed: run.failed,
    lag: run.lag,
    heldBack: run.held_back,
    perSecond: seconds > 0.5 && run.retired > 0 ? run.retired / seconds : null,
    requestedBy: run.requested_by_name,
    requestedAt: run.requested_at.toISOString(),
    startedAt: run.started_at?.toISOString() ?? null,
    startedBy: run.started_by,
    finishedAt: run.finished_at?.toISOString() ?? null,
    cancelAsked: run.cancel_asked_by !== null,
    error: run.error,
  };
}

/** One run as it stands. @throws not_found */
export const getRun = async ({ ctx, input }: { ctx: Context; input: z.output<typeof runInput> }): Promise<RedriveRun> =>
  viewOf(await loadVisibleRun(ctx.db, ctx.actor, input.runId));

/** Runs that the viewer may see, newest first. @throws stale_cursor */
export async function listRuns({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof listRunsInput>;
}): Promise<Page<RedriveRun>> {
  const filter = { stream: input.stream };
  const [at, id] = decodeCursor("redrives", filter, input.cursor, timeAndId) ?? [null, null];
  const rows = await ctx.db.query<RunRow & { exact_at: string }>(
    `SELECT *, ${exactInstantSql("requested_at")} AS exact_at FROM redrive_runs
      WHERE ($1::timestamptz IS NULL OR (requested_at, id) < ($1::timestamptz, $2::uuid)) AND ($4::text IS NULL OR stream = $4)
        AND ${visibleByIncident("redrive_runs.incident_id", 5)}
      ORDER BY requested_at DESC, id DESC LIMIT $3`,
    [at, id, input.limit + 1, input.stream ?? null, ...viewerParams(ctx.actor)],
  );
  const { rows: page, nextCursor } = pageOf(rows, input.limit, (last) =>
    encodeCursor("redrives", filter, [last.exact_at, last.id]),
  );
  return { rows: page.map(viewOf), nextCursor };
}

/** What a run's letters are, by class and cause, with three examples each: what goes back, what is retired, what stays and why. @throws not_found */
export async function listGroups({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof runInput>;
}): Promise<readonly LetterGroup[]> {
  await loadVisibleRun(ctx.db, ctx.actor, input.runId);
  const groups = await ctx.db.query<LetterGroup>(
    `SELECT g.class, g.cause, g.count, g.chosen, x.why, x.examples FROM (
       SELECT class, cause, count(*)::int AS count, count(action)::int AS chosen, min(n) AS first
         FROM redrive_entries WHERE run_id = $1 GROUP BY class, cause ORDER BY count(*) DESC LIMIT 200) AS g
      CROSS JOIN LATERAL (
       SELECT min(why) AS why, array_agg(entry_id ORDER BY n) AS examples FROM (
         SELECT n, why, entry_id FROM redrive_entries e
          WHERE e.run_id = $1 AND e.class = g.class AND e.cause = g.cause AND e.n >= g.first ORDER BY n LIMIT 3) AS three) AS x`,
    [input.runId],
  );
  return groups.toSorted(
    (a, b) => letterClasses.indexOf(a.class) - letterClasses.indexOf(b.class) || b.count - a.count,
  );
}

type EntryRow = Omit<RedriveEntry, "addedAt"> & { readonly addedAt: Date | null };
const entryColumns = `e.n, e.entry_id AS "entryId", e.class, e.cause, e.why, e.event_id AS "eventId", e.subject, e.action, e.state,
  e.new_id AS "newId", e.added_at AS "addedAt", e.outcome`;
const entryOf = <Row extends EntryRow>(row: Row) => ({ ...row, addedAt: row.addedAt?.toISOString() ?? null });

/** Letters of a run in their order, by class, cause or state. @throws not_found, stale_cursor */
export async function listEntriesOfRun({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof entriesOfRunInput>;
}): Promise<Page<RedriveEntry>> {
  await loadVisibleRun(ctx.db, ctx.actor, input.runId);
  const filter = { run: input.runId, class: input.class, state: input.state, cause: input.cause };
  const [after] = decodeCursor("redrive-entries", filter, input.cursor, (keys) =>
    /^\d{1,9}$/.test(keys[0] ?? "") ? oneKey(keys) : null,
  ) ?? ["0"];
  const rows = await ctx.db.query<EntryRow>(
    `SELECT ${entryColumns} FROM redrive_entries e
      WHERE e.run_id = $1 AND e.n > $2 AND ($3::text IS NULL OR e.class = $3) AND ($4::text IS NULL OR e.state = $4) AND ($5::text IS NULL OR e.cause = $5)
      ORDER BY e.n LIMIT $6`,
    [input.runId, Number(after), input.class ?? null, input.state ?? null, input.cause ?? null, input.limit + 1],
  );
  const { rows: page, nextCursor } = pageOf(rows, input.limit, (last) =>
    encodeCursor("redrive-entries", filter, [String(last.n)]),
  );
  return { rows: page.map(entryOf), nextCursor };
}

/** What became of one letter, and of those with the same content, in every run that the viewer may see: newest first, at most 50. */
export async function entryHistory({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof entryHistoryInput>;
}): Promise<EntryHistory> {
  const rows = await ctx.db.query<
    EntryRow & { runId: string; kind: RedriveRun["kind"]; at: Date; by: string; original: string }
  >(
    `SELECT ${entryColumns}, e.run_id AS "runId", r.kind, r.requested_at AS at, r.requested_by_name AS by, e.sha256 AS original
       FROM redrive_entries e JOIN redrive_runs r ON r.id = e.run_id
      WHERE e.fingerprint IN (SELECT fingerprint FROM redrive_entries WHERE stream = $1 AND entry_id = $2 LIMIT 5)
        AND ${visibleByIncident("r.incident_id", 3)} ORDER BY r.requested_at DESC, e.n LIMIT 50`,
    [input.stream, input.entryId, ...viewerParams(ctx.actor)],
  );
  return rows.map((row) => ({ ...entryOf(row), at: row.at.toISOString() }));
}
