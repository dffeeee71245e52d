import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import type { ackSignalInput, snoozeSignalInput } from "@/server/incidents/schemas";
import { viewerParams, visibleTo } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import type { Database, Queryable } from "@/server/platform/postgres";
import { appendEntries, consoleChain, type NewEntry } from "@/server/timeline/append-entries";

type Context = { readonly db: Database; readonly actor: Actor };

const gone = () => new DomainError("not_found", "This signal is not open any more.");

/** Puts an entry on every open incident that has the signal, else on the console's own record. */
async function record(tx: Queryable, signalId: string, entry: Omit<NewEntry, "chain">): Promise<void> {
  const incidents = await tx.query<{ id: string }>(
    `SELECT i.id FROM incident_signals x JOIN incidents i ON i.id = x.incident_id
      WHERE x.signal_id = $1 AND i.state <> 'closed' AND i.merged_into IS NULL ORDER BY i.id FOR SHARE OF i`,
    [signalId],
  );
  const chains = incidents.length === 0 ? [consoleChain] : incidents.map(({ id }) => id);
  await appendEntries(
    tx,
    chains.map((chain) => ({ ...entry, chain })),
  );
}

/** Says that somebody has seen the signal; once while it is open. @throws not_found, conflict */
export async function acknowledgeSignal({
  ctx: { db, actor },
  input,
}: {
  ctx: Context;
  input: z.output<typeof ackSignalInput>;
}): Promise<{ readonly acknowledged: true }> {
  return db.transaction(async (tx) => {
    const [row] = await tx.query<{ id: string; sentence: string }>(
      `UPDATE signal_records SET acked_at = now(), acked_by = $2, ack_comment = $3
        WHERE key = $1 AND cleared_at IS NULL AND acked_at IS NULL RETURNING id, sentence`,
      [input.key, actor.name, input.comment],
    );
    if (row === undefined) {
      const [known] = await tx.query<{ acked_by: string | null }>(
        "SELECT acked_by FROM signal_records WHERE key = $1 AND cleared_at IS NULL",
        [input.key],
      );
      if (known === undefined) throw gone();
      throw new DomainError("conflict", `${known.acked_by} has acknowledged this signal already.`);
    }
    await record(tx, row.id, {
      kind: "signal.acknowledged",
      by: actor,
      summary: `Seen by ${actor.name}: ${row.sentence}${input.comment === "" ? "" : ` (${input.comment})`}`,
      details: { refs: { signal: input.key } },
    });
    return { acknowledged: true as const };
  });
}

/** Folds a signal away for a while, with a reason; it stays on record and counted. @throws not_found */
export async function snoozeSignal({
  ctx: { db, actor },
  input,
}: {
  ctx: Context;
  input: z.output<typeof snoozeSignalInput>;
}): Promise<{ readonly until: string }> {
  return db.transaction(async (tx) => {
    const [row] = await tx.query<{ id: string; sentence: string; until: Date }>(
      `UPDATE signal_records SET snoozed_until = now() + make_interval(mins => $2), snoozed_by = $3, snooze_reason = $4
        WHERE key = $1 AND cleared_at IS NULL RETURNING id, sentence, snoozed_until AS until`,
      [input.key, input.minutes, actor.name, input.reason],
    );
    if (row === undefined) throw gone();
    await record(tx, row.id, {
      kind: "signal.snoozed",
      by: actor,
      summary: `Folded away for ${input.minutes} min by ${actor.name}: ${row.sentence}. Reason: ${input.reason}`,
      details: { refs: { signal: input.key }, parameters: { minutes: input.minutes, until: row.until.toISOString() } },
    });
    return { until: row.until.toISOString() };
  });
}

export type SignalMark = {
  readonly key: string;
  readonly acked: { readonly by: string; readonly at: string; readonly comment: string } | null;
  readonly snoozed: { readonly by: string; readonly until: string; readonly reason: string } | null;
  readonly incident: { readonly id: string; readonly number: number } | null; // open, and the viewer may see it
};

/** What people have said about the signals that are open, at most 500. */
export async function openSignalMarks({ ctx: { db, actor } }: { ctx: Context }): Promise<readonly SignalMark[]> {
  const rows = await db.query<{
    key: string;
    acked_by: string | null;
    acked_at: Date | null;
    ack_comment: string | null;
    snoozed_by: string | null;
    snoozed_until: Date | null;
    snooze_reason: string | null;
    incident_id: string | null;
    number: number | null;
  }>(
    `SELECT s.key, s.acked_by, s.acked_at, s.ack_comment, s.snoozed_by, s.snooze_reason,
            CASE WHEN s.snoozed_until > now() THEN s.snoozed_until END AS snoozed_until, i.id AS incident_id, i.number::int AS number
       FROM signal_records s LEFT JOIN incident_keys k ON k.dedupe_key = s.key AND k.open
       LEFT JOIN incidents i ON i.id = k.incident_id AND ${visibleTo("i", 1)}
      WHERE s.cleared_at IS NULL ORDER BY s.fired_at LIMIT 500`,
    [...viewerParams(actor)],
  );
  return rows.map((row) => ({
    key: row.key,
    acked:
      row.acked_by === null || row.acked_at === null
        ? null
        : { by: row.acked_by, at: row.acked_at.toISOString(), comment: row.ack_comment ?? "" },
    snoozed:
      row.snoozed_by === null || row.snoozed_until === null
        ? null
        : { by: row.snoozed_by, until: row.snoozed_until.toISOString(), reason: row.snooze_reason ?? "" },
    incident: row.incident_id === null || row.number === null ? null : { id: row.incident_id, number: row.number },
  }));
}
