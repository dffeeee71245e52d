import { roundOfReference } from "@/server/caracal/revocation/outbox-id";
import { entriesAfter, entriesById, type RevocationEntry } from "@/server/caracal/revocation/stream-entries";
import { revocationStream } from "@/server/caracal/revocation/revocation-stream";
import { timeOfStreamId } from "@/server/caracal/revocation/stream-ids";
import { checkStreamSignature } from "@/server/caracal/stream-signature";
import type { ObserverContext } from "@/server/playbooks/round-context";
import type { RunRow, Scan } from "@/server/playbooks/run-rows";

const callsPerLook = 30; // of 500 entries
const elsewhereCeiling = 1_000;
type Found = {
  readonly outboxId: string;
  readonly round: number;
  readonly sid: string;
  readonly streamId: string;
  readonly signature: string | null;
};

/**
 * Reads the stream on from the run's recorded position: finds the entry of every publication by its console_ref, whoever
 * dispatched it, reads it back and checks `_sig`; counts revocations that came from elsewhere. Bounded; survives restarts.
 */
export async function searchStream(ctx: ObserverContext, run: RunRow): Promise<Scan | null> {
  if (run.scan === null) return null;
  const { entries, next } = await entriesAfter(ctx.caracal.redis, run.scan.position, callsPerLook);
  if (entries.length === 0) return run.scan;
  const ours = await oursAmong(ctx, run, entries);
  await recordFound(ctx, run.id, ours);
  const own = new Set(ours.map((found) => found.streamId));
  const elsewhere = new Set(run.scan.elsewhere);
  let { overflow } = run.scan;
  const targets = await targetsAmong(
    ctx,
    run.id,
    entries.map((entry) => entry.fields.session_id ?? ""),
  );
  for (const entry of entries) {
    const sid = entry.fields.session_id;
    if (sid === undefined || own.has(entry.id) || targets.has(sid) || elsewhere.has(sid)) continue;
    if (elsewhere.size < elsewhereCeiling) elsewhere.add(sid);
    else overflow += 1;
  }
  const scan: Scan = { position: next, elsewhere: [...elsewhere], overflow };
  await ctx.db.query(
    `UPDATE playbook_runs SET scan = $2,
            last_published_at = greatest(last_published_at, (SELECT to_timestamp(max(at) / 1000.0) FROM unnest($4::float8[]) AS at))
      WHERE id = $1 AND scan->>'position' = $3`,
    [run.id, JSON.stringify(scan), run.scan.position, ours.map((found) => timeOfStreamId(found.streamId))],
  );
  return scan;
}

async function targetsAmong(ctx: ObserverContext, runId: string, sids: readonly string[]): Promise<Set<string>> {
  const rows = await ctx.db.query<{ sid: string }>(
    "SELECT sid FROM playbook_targets WHERE run_id = $1 AND sid = ANY ($2)",
    [runId, [...new Set(sids)]],
  );
  return new Set(rows.map((row) => row.sid));
}

const signatureOf = (ctx: ObserverContext, fields: RevocationEntry["fields"]): string | null => {
  if (fields._sig === undefined || fields._sig === "") return "missing";
  const key = ctx.caracal.streamsKey;
  return key === null ? null : checkStreamSignature(key, revocationStream, fields);
};

async function oursAmong(ctx: ObserverContext, run: RunRow, entries: readonly RevocationEntry[]): Promise<Found[]> {
  const found: Found[] = [];
  for (const { id, fields } of entries) {
    const { console_ref: reference, session_id: sid } = fields;
    if (reference === undefined || sid === undefined) continue;
    const round = roundOfReference(reference, run.id, sid);
    if (round !== null)
      found.push({ outboxId: reference, round, sid, streamId: id, signature: signatureOf(ctx, fields) });
  }
  return found;
}

/** A row is made where none is: an entry can be seen before the round that sent it has recorded its publication. */
async function recordFound(ctx: ObserverContext, runId: string, found: readonly Found[]): Promise<void> {
  const first = new Map<string, Found>(); // a row sent twice has two entries: the first one speaks for it
  for (const one of found) if (!first.has(one.outboxId)) first.set(one.outboxId, one);
  if (first.size === 0) return;
  const rows = [...first.values()];
  await ctx.db.query(
    `INSERT INTO playbook_publications AS p (outbox_id, run_id, round, sid, stream_id, signature)
     SELECT t.outbox_id, $1, t.round, t.sid, t.stream_id, t.signature
       FROM unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::text[]) AS t (outbox_id, round, sid, stream_id, signature)
       JOIN playbook_rounds r ON r.run_id = $1 AND r.round = t.round
     ON CONFLICT (outbox_id) DO UPDATE SET stream_id = excluded.stream_id, signature = excluded.signature
           WHERE p.stream_id IS NULL OR (p.stream_id = excluded.stream_id AND p.signature IS DISTINCT FROM excluded.signature)`,
    [
      runId,
      rows.map((row) => row.outboxId),
      rows.map((row) => row.round),
      rows.map((row) => row.sid),
      rows.map((row) => row.streamId),
      rows.map((row) => row.signature),
    ],
  );
}

/** Reads back entries whose signature is not known to be good, at most 500: the key may have been set or mended since. */
export async function recheckSignatures(ctx: ObserverContext, runId: string): Promise<void> {
  if (ctx.caracal.streamsKey === null) return;
  const rows = await ctx.db.query<{ outbox_id: string; stream_id: string }>(
    `SELECT p.outbox_id, p.stream_id FROM playbook_publications p JOIN playbook_targets t USING (run_id, sid)
      WHERE p.run_id = $1 AND t.proved_at IS NULL AND p.stream_id IS NOT NULL AND p.signature IS DISTINCT FROM 'valid'
      ORDER BY p.stream_id LIMIT 500`,
    [runId],
  );
  if (rows.length === 0) return;
  const entries = await entriesById(
    ctx.caracal.redis,
    rows.map((row) => row.stream_id),
  );
  const read = rows.flatMap((row) => {
    const fields = entries.get(row.stream_id);
    return fields == null ? [] : [{ id: row.outbox_id, signature: signatureOf(ctx, fields) }];
  });
  await ctx.db.query(
    `UPDATE playbook_publications p SET signature = t.signature FROM unnest($2::text[], $3::text[]) AS t (outbox_id, signature)
      WHERE p.run_id = $1 AND p.outbox_id = t.outbox_id AND p.signature IS DISTINCT FROM t.signature`,
    [runId, read.map((row) => row.id), read.map((row) => row.signature)],
  );
}
