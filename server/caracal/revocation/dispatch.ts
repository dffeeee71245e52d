import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Deployment } from "@/server/caracal/deployment";
import {
  claimOutboxRows,
  flattenPayload,
  markDispatched,
  renewOutboxLeases,
  undispatched,
} from "@/server/caracal/revocation/outbox-rows";
import { reasonToWait } from "@/server/caracal/revocation/pace";
import { type Publishable, publishEntries } from "@/server/caracal/revocation/publish-entries";
import { readRevocationStream } from "@/server/caracal/revocation/revocation-groups";
import { leaseSeconds, publishBound, revocationStream } from "@/server/caracal/revocation/revocation-stream";
import { DomainError } from "@/server/platform/errors";

/** One more dispatcher beside the API's, by the same lease protocol. The name is new for each process: a lease says who is alive. */
export type Dispatcher = { readonly holder: string; readonly leaseSeconds: number; readonly bound: number };

export function createDispatcher(options: Partial<Dispatcher> = {}): Dispatcher {
  return {
    holder: `console:${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`,
    leaseSeconds,
    bound: publishBound,
    ...options,
  };
}

export type Published = (entries: ReadonlyMap<string, string>) => Promise<void>;
type Lane = { readonly caracal: Deployment; readonly dispatcher: Dispatcher; readonly onPublished: Published };

const chunkSize = 500;
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * `recorded` resolves when what was published is marked in the outbox and told to `onPublished`, with whether that is every
 * given row; whoever publishes must await it.
 */
export type LeasedResult = { readonly error: Error | null; readonly recorded: Promise<boolean> };

/**
 * Publishes rows that were written a moment ago, leased to us. Gives the error instead of throwing: what is left is taken up
 * by `settleRows`. No error and nothing published when consumer groups must catch up first.
 */
export async function publishLeased(lane: Lane, rows: readonly Publishable[]): Promise<LeasedResult> {
  const key = lane.caracal.streamsKey;
  const nothing = Promise.resolve(rows.length === 0);
  if (key === null || rows.length === 0) return { error: null, recorded: nothing };
  try {
    const stream = await readRevocationStream(lane.caracal.redis, revocationStream);
    if (reasonToWait(stream, rows.length, lane.dispatcher.bound) !== null) return { error: null, recorded: nothing };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)), recorded: nothing };
  }
  const { published, error } = await publishEntries(lane.caracal.redis, key, rows, lane.dispatcher.bound);
  if (published.size === 0) return { error, recorded: nothing };
  const marked = markDispatched(lane.caracal.db, [...published.keys()], lane.dispatcher.holder);
  const told = lane.onPublished(published);
  return { error, recorded: Promise.all([marked, told]).then(([count]) => count === rows.length) };
}

/**
 * Brings every given row to dispatched: ours at once, those of a dead holder when its lease ends, those of the API when it
 * is done. Rows wait, leased, while a group could lose unread entries; `onWaiting` hears why (null: goes on).
 * @throws source_unreachable when Redis or Postgres does not answer; calling again goes on from there.
 */
export async function settleRows(
  lane: Lane,
  ids: readonly string[],
  onWaiting: (reason: string | null) => Promise<void>,
): Promise<void> {
  const { caracal, dispatcher } = lane;
  let left = await undispatched(caracal.db, ids);
  let waiting: string | null = null;
  while (left.length > 0) {
    const chunk = left.slice(0, chunkSize);
    const stream = await readStream(caracal);
    const reason = reasonToWait(stream, chunk.length, dispatcher.bound);
    if (reason !== waiting) await onWaiting(reason);
    waiting = reason;
    if (reason !== null) {
      await renewOutboxLeases(caracal.db, left, dispatcher.holder, dispatcher.leaseSeconds);
      await sleep(500);
    } else {
      const rows = await claimOutboxRows(caracal.db, chunk, dispatcher.holder, dispatcher.leaseSeconds);
      if (rows.length === 0) await sleep(250);
      const entries = rows.map((row) => ({ id: row.id, stream: row.stream, fields: flattenPayload(row.payload) }));
      const { error, recorded } = await publishLeased(lane, entries);
      await recorded;
      if (error !== null) throw unreachable(error);
    }
    left = await undispatched(caracal.db, left);
  }
  if (waiting !== null) await onWaiting(null);
}

async function readStream(caracal: Deployment) {
  try {
    return await readRevocationStream(caracal.redis, revocationStream);
  } catch (error) {
    throw unreachable(error instanceof Error ? error : new Error(String(error)));
  }
}

const unreachable = (cause: Error) =>
  new DomainError(
    "source_unreachable",
    `Caracal's Redis did not answer: ${cause.message}. The sessions are revoked in Postgres; publishing goes on by itself.`,
    {},
    { cause },
  );
