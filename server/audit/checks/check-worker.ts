import { setImmediate as breath } from "node:timers/promises";
import { anchorsOf } from "@/server/audit/checks/anchors";
import { verifyEvidence } from "@/server/audit/verify/verify-evidence";
import type { Finding } from "@/server/audit/verify/chain-walk";
import type { StoredRow } from "@/server/audit/verify/stored-row";
import type { CheckTotals, CheckWitnesses } from "@/server/audit/checks/schemas";
import { countTrouble, keepTroubles, type Troubles } from "@/server/audit/checks/troubles";
import {
  auditStream,
  deadAuditStream,
  ingestedUpTo,
  nextChainZones,
  readChainRows,
  walkStream,
  zoneNames,
} from "@/server/caracal/audit-chain-read";
import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import type { RawEntry } from "@/server/caracal/streams/entries";
import { type Repeating, repeat } from "@/server/jobs/repeat";
import { messageOf } from "@/server/platform/errors";
import { type Database, isUniqueViolation } from "@/server/platform/postgres";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

export type CheckContext = {
  readonly db: Database;
  readonly caracal: Pick<Deployment, "db" | "redis">;
  readonly auditKey: Buffer | null;
  readonly holder: string;
};
type Row = { readonly id: string; readonly zone_id: string | null; readonly zone_name: string | null };

const silentAfterSeconds = 20;
const rowsAtOnce = 1_000;
const beatMs = 1_000;
const mostKept = 10_000; // findings; the totals count all
const bounds = { timeoutMs: 10_000, narrow: "It is tried again." };

class Ended extends Error {
  override readonly name = "Ended";
}

async function takeCheck({ db, holder }: CheckContext): Promise<Row | null> {
  const [row] = await db.query<Row>(
    `UPDATE audit_checks SET holder = $1, heartbeat_at = now(), state = 'running', phase = 'reading', done = 0, started_at = coalesce(started_at, now())
      WHERE id = (SELECT id FROM audit_checks WHERE state IN ('queued', 'running') AND heartbeat_at < now() - make_interval(secs => $2)
                   ORDER BY requested_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, zone_id, zone_name`,
    [holder, silentAfterSeconds],
  );
  return row ?? null;
}

/** Says how far it is, at most once a second, and hears whether it is to stop. @throws Ended */
function beating({ db, holder }: CheckContext, id: string) {
  let last = 0;
  return async (phase: string, done: number): Promise<void> => {
    await breath(); // others of this process want to work too
    if (Date.now() - last < beatMs) return;
    last = Date.now();
    const [row] = await db.query<{ cancelled: boolean }>(
      `UPDATE audit_checks SET phase = $3, done = $4, heartbeat_at = now(), error = NULL WHERE id = $1 AND holder = $2 AND state = 'running'
       RETURNING cancel_asked_by IS NOT NULL AS cancelled`,
      [id, holder, phase, done],
    );
    if (row === undefined) throw new Ended("another worker has it");
    if (row.cancelled) throw new Ended("cancelled");
  };
}

type Beat = ReturnType<typeof beating>;

/** The zones that are looked at. Events of zones that Caracal does not know have chains too, and are left out, in the stream as well. */
async function zonesOf({ caracal }: CheckContext, zoneId: string | null): Promise<ReadonlySet<string>> {
  const zones = new Set<string>(zoneId === null ? [] : [zoneId]);
  for (let after: string | null = null; zoneId === null; ) {
    const page: { id: string }[] = await boundedRead(caracal.db, bounds, (tx) => nextChainZones(tx, after, 500));
    for (const { id } of page) zones.add(id);
    after = page.at(-1)?.id ?? null;
    if (page.length < 500) break;
  }
  return zones;
}

/** Every row of the zones in the order of their chains, a page at a time in a read of its own. */
async function* rowsOf(ctx: CheckContext, zones: ReadonlySet<string>, beat: Beat): AsyncGenerator<StoredRow> {
  let read = 0;
  for (const id of zones)
    for (let after: { seq: number; id: string } | null = null; ; ) {
      const page: StoredRow[] = await boundedRead(ctx.caracal.db, bounds, (tx) =>
        readChainRows(tx, id, after, rowsAtOnce),
      );
      yield* page;
      read += page.length;
      await beat("reading rows", read);
      const last = page.at(-1);
      if (page.length < rowsAtOnce || last === undefined) break;
      after = { seq: last.chain_seq ?? 0, id: last.id };
    }
}

const zoneInData = /"zone_id"\s*:\s*"([^"\\]*)"/;

async function* counted(
  entries: AsyncIterable<RawEntry>,
  zones: ReadonlySet<string>,
  beat: Beat,
  seen: { entries: number; from: string | null; to: string | null },
): AsyncGenerator<RawEntry> {
  for await (const entry of entries) {
    seen.entries += 1;
    seen.from ??= entry.id;
    seen.to = entry.id;
    if (seen.entries % 500 === 0) await beat("reading the stream", seen.entries);
    if (zones.has(zoneInData.exec(entry.fields.data ?? "")?.[1] ?? "")) yield entry;
  }
}

async function carryOut(ctx: CheckContext, check: Row): Promise<void> {
  const beat = beating(ctx, check.id);
  const found: Finding[] = [];
  const troubles: Troubles = new Map();
  let more = 0;
  const zones = await zonesOf(ctx, check.zone_id);
  const anchors = await anchorsOf(ctx.db, zones); // before any row is read: what was a head then must be there now
  const bound = ctx.auditKey === null ? null : await ingestedUpTo(ctx.caracal.redis);
  const seen = { entries: 0, from: null as string | null, to: null as string | null };
  const stream = bound === null ? null : counted(walkStream(ctx.caracal.redis, auditStream, bound), zones, beat, seen);
  const totals = await verifyEvidence(
    {
      rows: rowsOf(ctx, zones, beat),
      stream,
      deadLetters: stream === null ? null : walkStream(ctx.caracal.redis, deadAuditStream, null),
      key: ctx.auditKey,
      anchors,
      streamFirst: true,
      breathe: (done) => beat("judging", done),
    },
    (finding) => {
      countTrouble(troubles, finding);
      if (found.length < mostKept) found.push(finding);
      else more += 1;
    },
  );
  const drift = found.some(({ finding }) => finding === "key_drift");
  const witnesses: CheckWitnesses = {
    seal: ctx.auditKey !== null && !drift,
    stream: stream === null || drift ? null : seen,
    anchors: [...anchors.values()].reduce((sum, list) => sum + list.length, 0),
    note:
      ctx.auditKey === null
        ? "AUDIT_HMAC_KEY is not set: seals and the stream's signatures were not checked, so neither was heard."
        : drift
          ? "Every seal fails under the console's AUDIT_HMAC_KEY: it is another key than Caracal's. That is no attack (trap 18)."
          : bound === null
            ? "The stream or its group audit-ingestor is not there: nothing could be told from it."
            : more > 0
              ? `${more} further findings are counted and not listed.`
              : null,
  };
  const names = await boundedRead(ctx.caracal.db, bounds, (tx) => zoneNames(tx, [...troubles.keys()]));
  await finish(ctx, check, { found, troubles, names, totals, witnesses });
}

type Result = {
  readonly found: readonly Finding[];
  readonly troubles: Troubles;
  readonly names: ReadonlyMap<string, string>;
  readonly totals: CheckTotals;
  readonly witnesses: CheckWitnesses;
};

async function finish(
  { db, holder }: CheckContext,
  check: Row,
  { found, troubles, names, totals, witnesses }: Result,
): Promise<void> {
  const ordered = [...found].sort(
    (a, b) => a.zone_id.localeCompare(b.zone_id) || (a.chain_seq ?? 0) - (b.chain_seq ?? 0),
  );
  await db.transaction(async (tx) => {
    const rows = await tx.query(
      `UPDATE audit_checks SET state = 'finished', phase = 'end', finished_at = clock_timestamp(), done = $3, totals = $4, witnesses = $5, error = NULL
        WHERE id = $1 AND holder = $2 AND state = 'running' RETURNING 1`,
      [check.id, holder, totals.rows, JSON.stringify(totals), JSON.stringify(witnesses)],
    );
    if (rows.length === 0) throw new Ended("another worker has it");
    await tx.query(
      `INSERT INTO audit_findings (check_id, n, zone_id, chain_seq, event_id, finding, columns, witnesses)
       SELECT $1, (f->>'n')::int, f->>'zone_id', (f->>'chain_seq')::bigint, f->>'event_id', f->>'finding',
              ARRAY(SELECT json_array_elements_text(f->'columns')), ARRAY(SELECT json_array_elements_text(f->'witnesses')) FROM json_array_elements($2::json) AS f`,
      [check.id, JSON.stringify(ordered.map((finding, n) => ({ n, ...finding })))],
    );
    await keepTroubles(tx, check.id, troubles, names);
    const { rows: all, proved, tampered, removed, not_provable: unproved } = totals;
    await appendEntries(tx, [
      {
        chain: consoleChain,
        kind: "evidence.check-finished",
        by: null,
        summary: `The audit chain of ${check.zone_name === null ? "every zone" : `zone ${check.zone_name}`} was checked: ${proved} of ${all} rows proved, ${tampered} tampered with, ${removed} removed, ${unproved} not provable`,
        details: {
          refs: { auditCheck: check.id },
          figures: Object.entries(totals).map(([name, value]) => ({ name, value, source: "audit-chain@1" })),
        },
      },
    ]);
  });
}

/** One check, from its beginning to its end. A failure is written on it and it begins anew. True: there may be another. */
export async function advanceOneCheck(ctx: CheckContext): Promise<boolean> {
  const check = await takeCheck(ctx);
  if (check === null) return false;
  try {
    await carryOut(ctx, check);
  } catch (error) {
    if (error instanceof Ended && error.message === "cancelled")
      await ctx.db.query(
        "UPDATE audit_checks SET state = 'cancelled', finished_at = clock_timestamp() WHERE id = $1 AND holder = $2 AND state = 'running'",
        [check.id, ctx.holder],
      );
    else if (!(error instanceof Ended) && !isUniqueViolation(error))
      await ctx.db.query("UPDATE audit_checks SET error = $3 WHERE id = $1 AND holder = $2 AND state = 'running'", [
        check.id,
        ctx.holder,
        messageOf(error).slice(0, 500),
      ]);
  }
  return true;
}

/** Works off checks, one at a time in each replica; one whose worker has gone silent is begun anew by another. */
export const createCheckWorker = (ctx: CheckContext): Repeating =>
  repeat("audit checks", 1_000, () => advanceOneCheck(ctx));
