import { contentsOf } from "@/server/caracal/audit-rows-by-id";
import { boundedRead } from "@/server/caracal/bounded-read";
import { pendingAmong, type RevocationStream } from "@/server/caracal/revocation/revocation-groups";
import { sessionStates } from "@/server/caracal/sessions-read";
import { auditStream, revocationStream } from "@/server/caracal/streams/expected-streams";
import { compareStreamIds } from "@/server/caracal/streams/stream-id";
import type { Outcome } from "@/server/redrive/entry-states";
import { readersOf } from "@/server/redrive/pace-redrive";
import type { RedriveContext, RunRow } from "@/server/redrive/run-rows";
import { watchReturns } from "@/server/redrive/watch-returns";

/** An entry that was added and is not confirmed yet. */
export type OnItsWay = {
  readonly n: number;
  readonly entry_id: string;
  readonly event_id: string | null;
  readonly occurred_at: string | null;
  readonly content: string | null;
  readonly new_id: string | null;
  readonly waited_ms: number;
};
export type Confirmation = { readonly confirmed: readonly Outcome[]; readonly failed: readonly Outcome[] };

const bounds = { timeoutMs: 10_000, narrow: "It is tried again." };
const quickMs = 1_000; // before that nobody asks where an entry is
const stuckMs = 60_000;

type Reading = { readonly read: ReadonlySet<number>; readonly held: ReadonlyMap<number, string> };
const nothingRead: Reading = { read: new Set(), held: new Map() };

/** What is true of each entry that every reader has read and acknowledged, and of those that one of them holds. */
async function readBy(
  { caracal }: RedriveContext,
  run: RunRow,
  target: RevocationStream,
  entries: readonly OnItsWay[],
): Promise<Reading> {
  const read = new Set<number>();
  const held = new Map<number, string>();
  const readers = readersOf(target, run.target);
  if (readers.length === 0) return { read, held };
  for (const { n } of entries) read.add(n);
  for (const group of readers) {
    const passed = entries.filter(({ new_id: id }) => id !== null && compareStreamIds(id, group.lastDeliveredId) <= 0);
    const ids = new Set(passed.map(({ n }) => n));
    for (const n of [...read]) if (!ids.has(n)) read.delete(n);
    const { pending, unknown } = await pendingAmong(
      caracal.redis,
      run.target,
      group,
      passed.map(({ new_id: id }) => id ?? ""),
    );
    for (const { n, new_id: id } of passed) {
      if (pending.has(id ?? "") || unknown.has(id ?? "")) read.delete(n);
      if (pending.has(id ?? "")) held.set(n, group.name);
    }
  }
  return { read, held };
}

/**
 * Which entries have arrived. Of an event: its row is there with exactly its content. One that ingestion has read and acknowledged, of
 * which there is neither a row nor a dead letter, has failed. What readers hold is read before the dead letters are looked through, and
 * those before the rows: a reader that gives up adds the letter before it acknowledges, so nothing falls between two looks.
 */
export async function confirmEntries(
  ctx: RedriveContext,
  run: RunRow,
  target: RevocationStream,
  entries: readonly OnItsWay[],
): Promise<Confirmation> {
  const audit = run.target === auditStream;
  const asked = audit ? entries.filter(({ waited_ms: waited }) => waited > quickMs) : entries;
  const reading = asked.length === 0 ? nothingRead : await readBy(ctx, run, target, asked);
  const allReturnsSeen = await watchReturns(ctx, run);
  const known = allReturnsSeen ? reading : { ...reading, read: nothingRead.read };
  return audit ? confirmByRow(ctx, entries, known) : confirmByReading(ctx, run, target, entries, known);
}

async function confirmByRow(
  ctx: RedriveContext,
  entries: readonly OnItsWay[],
  { read }: Reading,
): Promise<Confirmation> {
  const wanted = entries.flatMap(({ n, event_id: eventId, occurred_at: occurredAt }) =>
    eventId === null || occurredAt === null ? [] : [{ n, eventId, occurredAt }],
  );
  const rows = await boundedRead(ctx.caracal.db, bounds, (tx) => contentsOf(tx, wanted));
  const found = new Map(rows.map(({ n, content }) => [n, content]));
  const confirmed: Outcome[] = [];
  const failed: Outcome[] = [];
  for (const { n, content } of entries) {
    if (found.get(n) === content && content !== null)
      confirmed.push({ n, outcome: "Its row is there, with its content." });
    else if (found.has(n)) failed.push({ n, outcome: "A row with another content is there: a conflict." });
    else if (read.has(n))
      failed.push({ n, outcome: "Ingestion has read and acknowledged it, and there is no row and no dead letter." });
  }
  return { confirmed, failed };
}

async function confirmByReading(
  ctx: RedriveContext,
  run: RunRow,
  target: RevocationStream,
  entries: readonly OnItsWay[],
  { read, held }: Reading,
): Promise<Confirmation> {
  const names = readersOf(target, run.target)
    .map(({ name }) => name)
    .join(", ");
  const ids = entries.flatMap(({ event_id: id }) => (id === null ? [] : [id]));
  const sessions =
    run.target === revocationStream && read.size > 0
      ? await boundedRead(ctx.caracal.db, bounds, (tx) => sessionStates(tx, ids))
      : null;
  const confirmed: Outcome[] = [];
  const failed: Outcome[] = [];
  for (const { n, event_id: session, waited_ms: waited } of entries) {
    const by = held.get(n);
    if (by !== undefined && waited > stuckMs)
      failed.push({ n, outcome: `${by} was given it and has not confirmed it for a minute: it stays pending there.` });
    if (!read.has(n)) continue;
    const state = sessions?.get(session ?? "");
    if (sessions === null || state === undefined)
      confirmed.push({ n, outcome: `Read and acknowledged by ${names}. Its effect cannot be seen from here.` });
    else if (state === "live")
      failed.push({ n, outcome: `Read and acknowledged by ${names}, and its session is still live: it was dropped.` });
    else confirmed.push({ n, outcome: `Read by ${names}, and its session is ${state}.` });
  }
  return { confirmed, failed };
}
