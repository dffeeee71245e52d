import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { requireItem } from "@/server/evidence/vault/require-item";
import type {
  CustodyLine,
  FileView,
  ItemState,
  ItemSummary,
  ItemView,
  itemInput,
  listItemsInput,
  Missing,
  Scope,
} from "@/server/evidence/vault/schemas";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import { exactInstantSql } from "@/server/platform/exact-time";
import { decodeCursor, encodeCursor, timeAndId } from "@/server/platform/keyset-cursor";
import { type Page, pageOf } from "@/server/platform/page";
import type { Queryable } from "@/server/platform/postgres";

type Context = { readonly db: Queryable; readonly actor: Actor };
type Row = {
  readonly id: string;
  readonly exact_at: string;
  readonly incident_id: string | null;
  readonly incident_number: number | null;
  readonly reason: string;
  readonly scope: Scope;
  readonly state: ItemState;
  readonly mismatches: number;
  readonly phase: string;
  readonly rows: number;
  readonly plain_bytes: number;
  readonly bytes: number;
  readonly bytes_per_second: number | null;
  readonly requested_by_name: string;
  readonly requested_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly cancel_asked_by: string | null;
  readonly error: string | null;
  readonly missing: readonly Missing[];
  readonly manifest_sha256: string | null;
  readonly key_fingerprint: string | null;
  readonly time_stamp: string | null;
  readonly redo_of: string | null;
  readonly redone_as: string | null;
};

const columns = `v.id, ${exactInstantSql("v.requested_at")} AS exact_at, v.incident_id, n.number::int AS incident_number, v.reason, v.scope, v.state,
  (SELECT count(*)::int FROM evidence_copies c WHERE c.item_id = v.id AND c.verdict <> 'whole') AS mismatches, v.phase, v.rows::float8 AS rows,
  v.plain_bytes::float8 AS plain_bytes, v.bytes::float8 AS bytes, v.bytes_per_second::float8 AS bytes_per_second, v.requested_by_name, v.requested_at,
  v.started_at, v.finished_at, v.cancel_asked_by, v.error, v.missing, v.manifest_sha256, v.key_fingerprint, v.time_stamp, v.redo_of,
  (SELECT r.id FROM evidence_items r WHERE r.redo_of = v.id) AS redone_as`;

const summaryOf = (row: Row): ItemSummary => ({
  id: row.id,
  incident:
    row.incident_id === null || row.incident_number === null
      ? null
      : { id: row.incident_id, number: row.incident_number },
  reason: row.reason,
  scope: row.scope,
  state: row.state,
  mismatches: row.mismatches,
  phase: row.phase,
  rows: row.rows,
  plainBytes: row.plain_bytes,
  bytes: row.bytes,
  bytesPerSecond: row.bytes_per_second,
  requestedBy: row.requested_by_name,
  requestedAt: row.requested_at.toISOString(),
  startedAt: row.started_at?.toISOString() ?? null,
  finishedAt: row.finished_at?.toISOString() ?? null,
  cancelAsked: row.cancel_asked_by !== null,
  error: row.error,
  manifestSha256: row.manifest_sha256,
});

/** What was preserved, newest first; of restricted incidents only for those whom they are open to. @throws stale_cursor */
export async function listItems({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof listItemsInput>;
}): Promise<Page<ItemSummary>> {
  const filter = { incident: input.incidentId ?? "" };
  const [at, id] = decodeCursor("evidence-items", filter, input.cursor, timeAndId) ?? [null, null];
  const rows = await ctx.db.query<Row>(
    `SELECT ${columns} FROM evidence_items v LEFT JOIN incidents n ON n.id = v.incident_id
      WHERE ${visibleByIncident("v.incident_id", 1)} AND ($3::uuid IS NULL OR v.incident_id = $3)
        AND ($4::timestamptz IS NULL OR (v.requested_at, v.id) < ($4::timestamptz, $5::uuid)) ORDER BY v.requested_at DESC, v.id DESC LIMIT $6`,
    [...viewerParams(ctx.actor), input.incidentId ?? null, at, id, input.limit + 1],
  );
  const { rows: page, nextCursor } = pageOf(rows, input.limit, (last) =>
    encodeCursor("evidence-items", filter, [last.exact_at, last.id]),
  );
  return { rows: page.map(summaryOf), nextCursor };
}

/** One item with its files and its custody log. @throws not_found */
export async function getItem({ ctx, input }: { ctx: Context; input: z.output<typeof itemInput> }): Promise<ItemView> {
  await requireItem(ctx.db, ctx.actor, input.itemId);
  const [row] = await ctx.db.query<Row>(
    `SELECT ${columns} FROM evidence_items v LEFT JOIN incidents n ON n.id = v.incident_id WHERE v.id = $1`,
    [input.itemId],
  );
  if (row === undefined) throw new DomainError("not_found", "There is no such item in the vault.");
  const files = await ctx.db.query<FileView>(
    `SELECT f.name, f.part, f.rows::float8 AS rows, f.size::float8 AS size, f.sha256, f.plain_size::float8 AS "plainSize", f.plain_sha256 AS "plainSha256", f.source,
            coalesce((SELECT json_agg(json_build_object('store', c.store, 'verdict', c.verdict, 'verifiedAt', ${exactInstantSql("c.verified_at")}) ORDER BY c.store)
                        FROM evidence_copies c WHERE c.item_id = f.item_id AND c.name = f.name), '[]') AS copies
       FROM evidence_files f WHERE f.item_id = $1 ORDER BY f.n LIMIT 1000`,
    [row.id],
  );
  const custody = await ctx.db.query<CustodyLine>(
    `SELECT ${exactInstantSql("at")} AS at, act, by_name AS by, name, note FROM evidence_custody WHERE item_id = $1 ORDER BY id DESC LIMIT 200`,
    [row.id],
  );
  return {
    ...summaryOf(row),
    missing: row.missing,
    files,
    custody,
    keyFingerprint: row.key_fingerprint,
    timeStamp: row.time_stamp,
    redoOf: row.redo_of,
    redoneAs: row.redone_as,
  };
}
