import { createHash } from "node:crypto";
import { contentsOf } from "@/server/caracal/audit-rows-by-id";
import { boundedRead } from "@/server/caracal/bounded-read";
import { sessionStates } from "@/server/caracal/sessions-read";
import { type Command, pipelined } from "@/server/caracal/streams/redis-pipeline";
import { auditStream, revocationStream } from "@/server/caracal/streams/expected-streams";
import { holdRun, moveEntries, type Outcome, span } from "@/server/redrive/entry-states";
import type { RedriveContext, RunRow } from "@/server/redrive/run-rows";
import { fieldsToSend, type ToSend, toSendColumns, withOriginal } from "@/server/redrive/sent-fields";

const bounds = { timeoutMs: 10_000, narrow: "It is tried again." };

/** What is true of entries before they are touched: done already, changed meanwhile, or still to be sent. */
type Looked = {
  readonly done: readonly Outcome[];
  readonly failed: readonly Outcome[];
  readonly send: readonly ToSend[];
};
type Looking = { readonly done: Outcome[]; readonly failed: Outcome[]; readonly send: ToSend[] };

/** In order of the key, so that LIMIT ends the walk: on a run just listed, which has no statistics yet, the planner would sort all that is left of it. */
const nextEntries = ({ db }: RedriveContext, run: RunRow, room: number): Promise<ToSend[]> =>
  db.transaction(async (tx) => {
    await tx.query("SELECT set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true)");
    return tx.query<ToSend>(
      `SELECT ${toSendColumns} FROM (
         SELECT * FROM redrive_entries WHERE run_id = $1 AND n >= $2 AND state = 'waiting' ORDER BY n LIMIT $3) AS e ${withOriginal} ORDER BY e.n`,
      [run.id, run.next_n, room],
    );
  });

/** Which letters stand in the dead letters right now, in one round trip: between a pause and going on they may be discarded, or sent by another run. */
async function lettersThere({ caracal }: RedriveContext, run: RunRow, ids: readonly string[]): Promise<Set<string>> {
  const replies = await pipelined(
    caracal.redis,
    ids.map((id): Command => ["XRANGE", run.stream, id, id, "COUNT", 1]),
    () => undefined,
  );
  return new Set(
    ids.filter((_, at) => {
      const reply = replies[at];
      if (!reply?.ok) throw reply?.error ?? new Error("Redis left a question open");
      return Array.isArray(reply.value) && reply.value.length > 0;
    }),
  );
}

/** Looks at what is in Caracal right now: a list is only as true as when it was made. What is given was not sent by this run. */
async function look(ctx: RedriveContext, run: RunRow, given: readonly ToSend[]): Promise<Looked> {
  const looked: Looking = { done: [], failed: [], send: [] };
  const there = await lettersThere(
    ctx,
    run,
    given.map(({ entry_id: id }) => id),
  );
  const entries = given.filter(({ entry_id: id }) => there.has(id));
  for (const { n, entry_id: id } of given)
    if (!there.has(id))
      looked.failed.push({
        n,
        outcome:
          "It is no longer among the dead letters: discarded, sent by another run, or trimmed. Its original is kept.",
      });
  const open = entries.filter(({ action }) => action !== "discard");
  for (const { n, action, line, sha256 } of entries) {
    if (action !== "discard") continue;
    if (createHash("sha256").update(line).digest("hex") === sha256)
      looked.done.push({ n, outcome: "Discarded as two people agreed; its original is kept." });
    else looked.failed.push({ n, outcome: "What was kept of it is not what it was: it is not deleted." });
  }
  if (run.target === auditStream) return lookAtRows(ctx, open, looked);
  if (run.target === revocationStream) return lookAtSessions(ctx, open, looked);
  looked.send.push(...open);
  return looked;
}

async function lookAtRows(ctx: RedriveContext, entries: readonly ToSend[], looked: Looking): Promise<Looked> {
  const wanted = entries.flatMap(({ n, event_id: eventId, occurred_at: occurredAt }) =>
    eventId === null || occurredAt === null ? [] : [{ n, eventId, occurredAt }],
  );
  const rows = await boundedRead(ctx.caracal.db, bounds, (tx) => contentsOf(tx, wanted));
  const found = new Map(rows.map(({ n, content }) => [n, content]));
  for (const entry of entries) {
    const { n, content, action } = entry;
    if (!found.has(n)) {
      if (action === "retire") looked.failed.push({ n, outcome: "Its row was there when it was listed, and is gone." });
      else looked.send.push(entry);
    } else if (found.get(n) === content)
      looked.done.push({
        n,
        outcome:
          action === "retire" ? "Its row is there, with the same content." : "Recorded already when its turn came.",
      });
    else looked.failed.push({ n, outcome: "Its row has another content by now: a conflict, it does not go back." });
  }
  return looked;
}

async function lookAtSessions(ctx: RedriveContext, entries: readonly ToSend[], looked: Looking): Promise<Looked> {
  const ids = entries.flatMap(({ event_id: id }) => (id === null ? [] : [id]));
  const states = await boundedRead(ctx.caracal.db, bounds, (tx) => sessionStates(tx, ids));
  for (const entry of entries) {
    const { n, action } = entry;
    if (states.get(entry.event_id ?? "") === "revoked")
      looked.done.push({ n, outcome: "Its session is revoked already." });
    else if (action === "retire") looked.failed.push({ n, outcome: "Its session is not revoked any more." });
    else looked.send.push(entry);
  }
  return looked;
}

/** The next entries in order and what is true of them: looked at, nothing done yet. */
export type Batch = Looked & { readonly entries: readonly ToSend[] };

/** Reads the next entries, at most `room`, and looks at them once more. Changes nothing. */
export async function prepareBatch(ctx: RedriveContext, run: RunRow, room: number): Promise<Batch> {
  const entries = await nextEntries(ctx, run, room);
  return { entries, ...(await look(ctx, run, entries)) };
}

/** The first `room` entries of a batch. */
function upTo(batch: Batch, room: number): Batch {
  const last = batch.entries[Math.min(room, batch.entries.length) - 1]?.n ?? 0;
  const within = <T extends { readonly n: number }>(list: readonly T[]) => list.filter(({ n }) => n <= last);
  const { entries, done, failed, send } = batch;
  return { entries: within(entries), done: within(done), failed: within(failed), send: within(send) };
}

/**
 * Sends at most `room` of what was prepared: the intent recorded with the target's tail, added in one round trip, their new ids recorded.
 * What is cut off between intent and record is found again by `resolveAdding`. Gives how many it dealt with.
 */
export async function sendBatch(
  ctx: RedriveContext,
  run: RunRow,
  tail: string,
  prepared: Batch,
  room: number,
): Promise<number> {
  const { entries, done, failed, send } = upTo(prepared, room);
  const [first, last] = [entries[0], entries.at(-1)];
  if (first === undefined || last === undefined) return 0;
  const unsendable: Outcome[] = [];
  const messages = send.flatMap((entry) => {
    const fields = fieldsToSend(ctx.keys, run.stream, entry);
    if (fields === null) unsendable.push({ n: entry.n, outcome: "What was kept of it cannot be put together." });
    return fields === null ? [] : [{ n: entry.n, fields }];
  });
  const lost = [...failed, ...unsendable];
  await ctx.db.transaction(async (tx) => {
    await holdRun(
      tx,
      ctx,
      run,
      `next_n = $3, reached = greatest(reached, $3), adding_from = $4, adding_to = $5, adding_tail = $6, confirmed = confirmed + $7, failed = failed + $8, held_back = NULL`,
      messages.length === 0
        ? [last.n + 1, null, null, null, done.length, lost.length]
        : [last.n + 1, first.n, last.n, tail, done.length, lost.length],
    );
    await moveEntries(tx, run.id, ["waiting"], "confirmed", done);
    await moveEntries(tx, run.id, ["waiting"], "failed", lost);
  });
  if (messages.length > 0) await add(ctx, run, messages);
  return entries.length;
}

type Message = { readonly n: number; readonly fields: Readonly<Record<string, string>> };

async function add(ctx: RedriveContext, run: RunRow, messages: readonly Message[]): Promise<void> {
  const replies = await pipelined(
    ctx.caracal.redis,
    messages.map(({ fields }): Command => ["XADD", run.target, "*", ...Object.entries(fields).flat()]),
    () => undefined,
  );
  const ids = replies.map((reply) => {
    if (!reply.ok) throw reply.error;
    return String(reply.value);
  });
  await recordAdded(
    ctx,
    run,
    messages.map(({ n }, at) => ({ n, newId: ids[at] ?? "" })),
    0,
  );
}

/** Records the new ids of what was added, and with that ends the intent. */
export async function recordAdded(
  ctx: RedriveContext,
  run: RunRow,
  added: readonly { readonly n: number; readonly newId: string }[],
  again: number,
  nextN: number | null = null,
): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await holdRun(
      tx,
      ctx,
      run,
      "adding_from = NULL, adding_to = NULL, adding_tail = NULL, added = added + $3, added_again = added_again + $4, next_n = coalesce($5, next_n)",
      [added.length, again, nextN],
    );
    await tx.query(
      `UPDATE redrive_entries e SET state = 'added', new_id = given.id, added_at = clock_timestamp() FROM unnest($2::int[], $3::text[]) AS given (n, id)
        WHERE e.run_id = $1 AND e.n = given.n AND e.n BETWEEN $4 AND $5 AND e.state = 'waiting'`,
      [run.id, added.map(({ n }) => n), added.map(({ newId }) => newId), ...span(added)],
    );
  });
}
