import { readExactEntries } from "@/server/caracal/streams/exact-entries";
import type { Queryable } from "@/server/platform/postgres";
import { archiveDigest } from "@/server/redrive/archive";
import { type ClassifiedLetter, classifyPage } from "@/server/redrive/classify-page";
import { runEntry } from "@/server/redrive/run-entry";
import { type RedriveContext, type RunRow, TakenOver } from "@/server/redrive/run-rows";

const pageSize = 500;
/** A list holds at most this many letters; what is left over stays for the next one. */
export const mostLetters = 200_000;

/** One page more of the list: read, classified, the originals kept. True: there is more to do. */
export async function advanceClassification(ctx: RedriveContext, run: RunRow): Promise<boolean> {
  const room = mostLetters - run.entries;
  const entries =
    room <= 0
      ? []
      : await readExactEntries(ctx.caracal.redis, {
          stream: run.stream,
          after: run.read_to,
          upTo: run.last_id,
          limit: Math.min(pageSize, room),
        });
  if (entries.length === 0) {
    await finishList(ctx, run);
    return true;
  }
  const letters = await classifyPage(ctx, run.stream, entries);
  await ctx.db.transaction(async (tx) => {
    const [claimed] = await tx.query(
      `UPDATE redrive_runs SET read_to = $3, entries = entries + $4, error = NULL, heartbeat_at = now()
        WHERE id = $1 AND holder = $2 AND state = 'classifying' AND entries = $5 AND cancel_asked_by IS NULL RETURNING 1`,
      [run.id, ctx.holder, letters.at(-1)?.entryId ?? run.read_to, letters.length, run.entries],
    );
    if (claimed === undefined) throw new TakenOver();
    await keep(tx, run, letters);
  });
  return true;
}

async function keep(tx: Queryable, run: RunRow, letters: readonly ClassifiedLetter[]): Promise<void> {
  await tx.query(
    `INSERT INTO dead_letter_originals (stream, entry_id, sha256, line)
     SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING`,
    [
      run.stream,
      letters.map(({ entryId }) => entryId),
      letters.map((one) => one.sha256),
      letters.map((one) => one.line),
    ],
  );
  await tx.query(
    `INSERT INTO redrive_entries (run_id, n, stream, entry_id, sha256, fingerprint, class, cause, why, event_id, occurred_at, content, subject)
     SELECT $1, $2 + at, $3, id, sha256, fingerprint, class, cause, why, event_id, occurred_at, content, subject::json
       FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[])
         WITH ORDINALITY AS given (id, sha256, fingerprint, class, cause, why, event_id, occurred_at, content, subject, at)`,
    [
      run.id,
      run.entries,
      run.stream,
      letters.map(({ entryId }) => entryId),
      letters.map(({ sha256 }) => sha256),
      letters.map(({ fingerprint }) => fingerprint),
      letters.map((one) => one.class),
      letters.map(({ cause }) => cause),
      letters.map(({ why }) => why.replaceAll("\0", "").slice(0, 1_000)),
      letters.map(({ eventId }) => eventId),
      letters.map(({ occurredAt }) => occurredAt),
      letters.map(({ content }) => content),
      letters.map(({ subject }) => (subject === null ? null : JSON.stringify(subject))),
    ],
  );
}

/**
 * Letters that claim to be one event and are not the same: each alone looks like honest evidence that is missing, and at most one is.
 * None of them goes back.
 */
async function setConflictsApart(tx: Queryable, run: RunRow): Promise<void> {
  // Two statements: joined, the planner would compare each with each, having no statistics of a list just made.
  const twice = await tx.query<{ id: string }>(
    `SELECT event_id AS id FROM redrive_entries WHERE run_id = $1 AND class = 'missing' AND event_id IS NOT NULL
      GROUP BY event_id HAVING count(DISTINCT (content, occurred_at)) > 1`,
    [run.id],
  );
  if (twice.length === 0) return;
  await tx.query(
    `UPDATE redrive_entries SET class = 'conflict', why = 'Another letter of this list claims the same event with another content: at most one of them is honest.'
      WHERE run_id = $1 AND class = 'missing' AND event_id = ANY ($2)`,
    [run.id, twice.map(({ id }) => id)],
  );
}

/** Closes the list: the archive's digest is what every later step is held to. */
async function finishList(ctx: RedriveContext, run: RunRow): Promise<void> {
  const archive = await archiveDigest(ctx.db, run.id, async () => {
    const rows = await ctx.db.query(
      "UPDATE redrive_runs SET heartbeat_at = now() WHERE id = $1 AND holder = $2 AND state = 'classifying' RETURNING 1",
      [run.id, ctx.holder],
    );
    if (rows.length === 0) throw new TakenOver();
  });
  const left = await leftOut(ctx, run);
  await ctx.db.transaction(async (tx) => {
    const rows = await tx.query(
      `UPDATE redrive_runs SET state = 'planned', archive_sha256 = $3, archive_bytes = $4, left_out = $5, error = NULL
        WHERE id = $1 AND holder = $2 AND state = 'classifying' AND entries = $6 RETURNING 1`,
      [run.id, ctx.holder, archive.sha256, archive.bytes, left, archive.lines],
    );
    if (rows.length === 0) throw new TakenOver();
    await setConflictsApart(tx, run);
    const counts = await tx.query<{ class: string; count: number }>(
      "SELECT class, count(*)::int AS count FROM redrive_entries WHERE run_id = $1 GROUP BY class ORDER BY class",
      [run.id],
    );
    const said = counts.map(({ class: what, count }) => `${count} ${what}`).join(", ");
    await runEntry(
      tx,
      run,
      "listed",
      `${run.stream}: ${archive.lines} dead letters kept and classified: ${said}`,
      null,
      {
        figures: counts.map(({ class: name, count }) => ({
          name,
          value: count,
          source: `XRANGE ${run.stream}, audit_events`,
        })),
        parameters: { archiveSha256: archive.sha256, upTo: run.last_id, leftOut: left },
      },
    );
  });
}

/** Letters that the list had no room for, counted up to one page: their number matters less than that there are some. */
async function leftOut(ctx: RedriveContext, run: RunRow): Promise<number> {
  if (run.entries < mostLetters) return 0;
  const page = { stream: run.stream, after: run.read_to, upTo: run.last_id, limit: pageSize };
  return (await readExactEntries(ctx.caracal.redis, page)).length;
}
