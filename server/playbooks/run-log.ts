import type { Queryable } from "@/server/platform/postgres";
import type { Actor } from "@/server/auth/roles";
import { requireVisibleRun } from "@/server/playbooks/visible-runs";
import { appendAnyway } from "@/server/timeline/append-anyway";
import type { RunLogEntry } from "@/server/playbooks/schemas";
import type { Database } from "@/server/platform/postgres";

export type LogLine = { readonly kind: string; readonly text: string; readonly data?: unknown };

/**
 * Appends to a run's log in the caller's transaction, and to the record of the run's incident. Sequence numbers are given out under
 * the run's row lock, so they have no holes and follow the order of commits. Call it last: the record is written here.
 */
export async function appendLog(
  tx: Queryable,
  runId: string,
  actor: (Pick<Actor, "id" | "name"> & Partial<Actor>) | null,
  lines: readonly LogLine[],
): Promise<void> {
  if (lines.length === 0) return;
  const [run] = await tx.query<{ incident_id: string | null }>(
    `WITH run AS (
       UPDATE playbook_runs SET log_seq = log_seq + $5::int WHERE id = $1 RETURNING log_seq, incident_id
     ), written AS (
       INSERT INTO playbook_log (run_id, seq, actor_id, actor_name, kind, text, data)
       SELECT $1, run.log_seq - $5::int + line.position, $2::text, $3::text, line.value->>'kind', line.value->>'text', line.value->'data'
         FROM run, jsonb_array_elements($4::jsonb) WITH ORDINALITY AS line (value, position)
     )
     SELECT incident_id FROM run`,
    [runId, actor?.id ?? null, actor?.name ?? "console", JSON.stringify(lines), lines.length],
  );
  const chain = run?.incident_id ?? null;
  if (chain === null) return;
  await appendAnyway(
    tx,
    lines.map(({ kind, text }) => ({
      chain,
      kind: `playbook.${kind}`,
      by: actor === null ? null : { ...actor, roles: actor.roles ?? [] },
      summary: text.slice(0, 4_000),
      details: { refs: { run: runId } },
    })),
  );
}

type Context = { readonly db: Database; readonly actor: Actor };
type LogPage = { readonly entries: readonly RunLogEntry[]; readonly next: number | null };

/** A page of a run's log after `afterSeq`, oldest first. @throws not_found */
export async function runLog({
  ctx,
  input,
}: {
  ctx: Context;
  input: { runId: string; afterSeq: number; limit: number };
}): Promise<LogPage> {
  await requireVisibleRun(ctx.db, ctx.actor, input.runId);
  const rows = await ctx.db.query<Omit<RunLogEntry, "at"> & { at: Date }>(
    `SELECT seq, at, actor_name AS actor, kind, text, data FROM playbook_log
      WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
    [input.runId, input.afterSeq, input.limit],
  );
  const entries = rows.map((row) => ({ ...row, at: row.at.toISOString() }));
  return { entries, next: entries.length === input.limit ? (entries.at(-1)?.seq ?? null) : null };
}
