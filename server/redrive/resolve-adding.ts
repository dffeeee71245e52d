import { contentsOf } from "@/server/caracal/audit-rows-by-id";
import { boundedRead } from "@/server/caracal/bounded-read";
import { readEntries } from "@/server/caracal/streams/entries";
import { auditStream } from "@/server/caracal/streams/expected-streams";
import { compareStreamIds } from "@/server/caracal/streams/stream-id";
import { holdRun, moveEntries } from "@/server/redrive/entry-states";
import { fingerprintOf } from "@/server/redrive/letters/read-letter";
import type { RedriveContext, RunRow } from "@/server/redrive/run-rows";
import { recordAdded } from "@/server/redrive/send-batch";
import { sentFingerprint, type ToSend, toSendColumns, withOriginal } from "@/server/redrive/sent-fields";

const pageSize = 500;
const mostPages = 60; // a batch is added within moments of its intent: what is further on was added by others
const bounds = { timeoutMs: 10_000, narrow: "It is tried again." };

type Tail = { readonly ids: ReadonlyMap<string, string>; readonly whole: boolean };

/** Searches what was added to the target after the tail for entries that look like these. `whole`: to its end, and nothing was trimmed. */
async function searchTail({ caracal }: RedriveContext, run: RunRow, wanted: ReadonlySet<string>): Promise<Tail> {
  const tail = run.adding_tail ?? "0-0";
  const ids = new Map<string, string>();
  const [oldest] = await readEntries(caracal.redis, { stream: run.target, after: null, direction: "oldest", limit: 1 });
  const trimmed = tail !== "0-0" && oldest !== undefined && compareStreamIds(oldest.id, tail) > 0;
  let after = tail;
  for (let page = 0; page < mostPages && ids.size < wanted.size; page += 1) {
    const entries = await readEntries(caracal.redis, {
      stream: run.target,
      after,
      direction: "oldest",
      limit: pageSize,
    });
    for (const { id, fields } of entries) {
      const fingerprint = fingerprintOf(fields);
      if (wanted.has(fingerprint)) ids.set(fingerprint, id);
    }
    after = entries.at(-1)?.id ?? after;
    if (entries.length < pageSize) return { ids, whole: !trimmed };
  }
  return { ids, whole: ids.size === wanted.size };
}

/**
 * An intent whose record is missing: the process, Redis or the database was lost while entries were added. Which of them were is read
 * off the target's tail and, for events, off audit_events. What was not added is sent in its turn; an event that may have been is sent
 * again, which ingestion takes as nothing (contract section 3), and counted; another message is left to a person.
 */
export async function resolveAdding(ctx: RedriveContext, run: RunRow): Promise<void> {
  const open = await ctx.db.query<ToSend>(
    `SELECT ${toSendColumns} FROM redrive_entries e ${withOriginal}
      WHERE e.run_id = $1 AND e.n BETWEEN $2 AND $3 AND e.state = 'waiting' ORDER BY e.n`,
    [run.id, run.adding_from, run.adding_to],
  );
  const prints = new Map(open.map((entry) => [entry.n, sentFingerprint(ctx.keys, run.stream, entry)]));
  const tail = await searchTail(ctx, run, new Set(prints.values()));
  const added = open.flatMap(({ n }) => {
    const newId = tail.ids.get(prints.get(n) ?? "");
    return newId === undefined ? [] : [{ n, newId }];
  });
  const lost = open.filter(({ n }) => !tail.ids.has(prints.get(n) ?? ""));
  const arrived = await rowsOf(ctx, run, lost);
  const rest = lost.filter(({ n }) => !arrived.has(n));
  const unknown = tail.whole ? [] : rest;
  const giveUp = run.target === auditStream ? [] : unknown;
  await ctx.db.transaction(async (tx) => {
    await holdRun(tx, ctx, run, "added = added + $3, confirmed = confirmed + $3, failed = failed + $4", [
      arrived.size,
      giveUp.length,
    ]);
    const seen = [...arrived].map((n) => ({ n, outcome: "Its row was seen after an interruption." }));
    await moveEntries(tx, run.id, ["waiting"], "confirmed", seen);
    const why =
      "Whether it was added before an interruption cannot be told: the stream was trimmed since. Look at its effect.";
    await moveEntries(
      tx,
      run.id,
      ["waiting"],
      "failed",
      giveUp.map(({ n }) => ({ n, outcome: why })),
    );
  });
  const firstToSend = giveUp.length > 0 ? undefined : rest[0]; // what is given up is the whole rest
  await recordAdded(ctx, run, added, unknown.length - giveUp.length, firstToSend?.n ?? null);
}

async function rowsOf(ctx: RedriveContext, run: RunRow, lost: readonly ToSend[]): Promise<ReadonlySet<number>> {
  if (run.target !== auditStream || lost.length === 0) return new Set();
  const wanted = lost.flatMap(({ n, event_id: eventId, occurred_at: occurredAt }) =>
    eventId === null || occurredAt === null ? [] : [{ n, eventId, occurredAt }],
  );
  const rows = await boundedRead(ctx.caracal.db, bounds, (tx) => contentsOf(tx, wanted));
  const content = new Map(rows.map((row) => [row.n, row.content]));
  return new Set(lost.filter(({ n, content: own }) => own !== null && content.get(n) === own).map(({ n }) => n));
}
