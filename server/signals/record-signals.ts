import { declareIn } from "@/server/incidents/declare-incident";
import type { Signal } from "@/server/live/snapshot";
import type { Database, Queryable } from "@/server/platform/postgres";
import type { Severity } from "@/server/platform/severity";
import { tagsOf } from "@/server/signals/signal-tags";
import { appendEntries, type NewEntry } from "@/server/timeline/append-entries";

export type OpenRecord = {
  readonly id: string;
  readonly key: string;
  readonly severity: Severity;
  readonly sentence: string;
  readonly stale_reading: boolean; // the last reading is a minute old
};
type Context = { readonly db: Database; readonly autoDeclare: boolean };

const readingEverySeconds = 60;
const ceiling = 500; // signals recorded at a time: more is one disaster, not five hundred

/** Records of signals that have not cleared. */
export const openRecords = (db: Queryable): Promise<OpenRecord[]> =>
  db.query<OpenRecord>(
    `SELECT s.id, s.key, s.severity, s.sentence,
            coalesce((SELECT max(r.at) FROM signal_readings r WHERE r.signal_id = s.id), 'epoch') < now() - make_interval(secs => $1) AS stale_reading
       FROM signal_records s WHERE s.cleared_at IS NULL ORDER BY s.fired_at LIMIT $2`,
    [readingEverySeconds, ceiling],
  );

const details = (signal: Signal) => ({
  figures: signal.figures.map((figure) => ({ ...figure })),
  refs: { signal: signal.key },
  parameters: { rule: signal.rule, severity: signal.severity, since: new Date(signal.since).toISOString() },
});

async function read(tx: Queryable, signalId: string, signal: Signal): Promise<void> {
  await tx.query(
    "INSERT INTO signal_readings (signal_id, at, severity, sentence, figures) VALUES ($1, clock_timestamp(), $2, $3, $4)",
    [signalId, signal.severity, signal.sentence, JSON.stringify(signal.figures)],
  );
}

/** The open incident that the signal's key leads to. */
async function incidentOf(tx: Queryable, key: string): Promise<string | null> {
  const [row] = await tx.query<{ id: string }>(
    "SELECT incident_id AS id FROM incident_keys WHERE dedupe_key = $1 AND open",
    [key],
  );
  return row?.id ?? null;
}

/** Puts the entry on the incident that holds the key; a P1 that none holds declares one, when that is switched on. */
async function tell(
  tx: Queryable,
  ctx: Context,
  signal: Signal,
  signalId: string,
  entry: Omit<NewEntry, "chain">,
): Promise<void> {
  const link = (incidentId: string) =>
    tx.query("INSERT INTO incident_signals (incident_id, signal_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
      incidentId,
      signalId,
    ]);
  const holder = await incidentOf(tx, signal.key);
  if (holder !== null) {
    await link(holder);
    await appendEntries(tx, [{ ...entry, chain: holder }]);
  } else if (ctx.autoDeclare && signal.severity === "P1" && signal.noise === null) {
    const { incidentId } = await declareIn(tx, null, {
      title: signal.sentence,
      severity: "P1",
      origin: "automatic",
      beganAt: new Date(signal.since),
      dedupeKeys: [signal.key],
      tags: tagsOf(signal.rule),
      entries: [entry],
    });
    await link(incidentId);
  }
}

async function recordNew(ctx: Context, signal: Signal): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const [row] = await tx.query<{ id: string }>(
      `INSERT INTO signal_records (key, rule, severity, sentence, figures, began_at) VALUES ($1, $2, $3, $4, $5, least($6::timestamptz, now()))
       ON CONFLICT (key) WHERE cleared_at IS NULL DO NOTHING RETURNING id`,
      [
        signal.key,
        signal.rule,
        signal.severity,
        signal.sentence,
        JSON.stringify(signal.figures),
        new Date(signal.since),
      ],
    );
    if (row === undefined) return; // another replica recorded it first
    await read(tx, row.id, signal);
    await tell(tx, ctx, signal, row.id, {
      kind: "signal.fired",
      by: null,
      summary: `${signal.severity} ${signal.sentence}`,
      details: details(signal),
    });
  });
}

async function recordChange(ctx: Context, signal: Signal, before: OpenRecord): Promise<void> {
  const worse = before.severity !== signal.severity;
  if (!worse && !before.stale_reading) return;
  await ctx.db.transaction(async (tx) => {
    const rows = await tx.query(
      `UPDATE signal_records SET severity = $2, sentence = $3, figures = $4, seen_at = now()
        WHERE id = $1 AND cleared_at IS NULL AND severity = $5 RETURNING 1`,
      [before.id, signal.severity, signal.sentence, JSON.stringify(signal.figures), before.severity],
    );
    if (rows.length === 0) return;
    await read(tx, before.id, signal);
    if (!worse) return;
    await tell(tx, ctx, signal, before.id, {
      kind: "signal.changed",
      by: null,
      summary: `${before.severity} is now ${signal.severity}: ${signal.sentence}`,
      details: { ...details(signal), before: before.severity, after: signal.severity },
    });
  });
}

/** Says of a signal that is gone that it cleared, on every incident that has it and is not closed. */
async function recordCleared(ctx: Context, gone: OpenRecord): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const rows = await tx.query(
      "UPDATE signal_records SET cleared_at = now(), snoozed_until = NULL, snooze_reason = NULL, snoozed_by = NULL WHERE id = $1 AND cleared_at IS NULL RETURNING 1",
      [gone.id],
    );
    if (rows.length === 0) return;
    const incidents = await tx.query<{ id: string }>(
      `SELECT i.id FROM incident_signals x JOIN incidents i ON i.id = x.incident_id
        WHERE x.signal_id = $1 AND i.state <> 'closed' AND i.merged_into IS NULL ORDER BY i.id FOR SHARE OF i`,
      [gone.id],
    );
    await appendEntries(
      tx,
      incidents.map(({ id }) => ({
        chain: id,
        kind: "signal.cleared",
        by: null,
        summary: `Cleared: ${gone.sentence}`,
        details: { refs: { signal: gone.key }, before: gone.severity },
      })),
    );
  });
}

/**
 * Brings the record of signals up to what is seen now: new ones fired, changed severities, readings once a minute, and those in
 * `gone` cleared. Each signal is one transaction; running it twice, or on two replicas at once, records nothing twice.
 */
export async function recordSignals({
  ctx,
  input,
}: {
  ctx: Context;
  input: {
    readonly seen: readonly Signal[];
    readonly gone: readonly OpenRecord[];
    readonly open: readonly OpenRecord[];
  };
}): Promise<void> {
  const open = new Map(input.open.map((record) => [record.key, record]));
  for (const signal of input.seen.slice(0, ceiling)) {
    const before = open.get(signal.key);
    if (before === undefined) await recordNew(ctx, signal);
    else await recordChange(ctx, signal, before);
  }
  for (const record of input.gone) await recordCleared(ctx, record);
}
