import { randomUUID } from "node:crypto";
import type { Deployment, ReplicaAddress } from "@/server/caracal/deployment";
import { fetchAnswer } from "@/server/caracal/services/fetch-answer";
import { readyOf } from "@/server/caracal/services/read-replica";
import { holdLease } from "@/server/jobs/lease";
import { type Repeating, repeat } from "@/server/jobs/repeat";
import type { Database } from "@/server/platform/postgres";
import { type Look, noteLook, type Span } from "@/server/services/outages/note-looks";
import { writeSpans } from "@/server/services/outages/write-spans";

const everyMs = 1_000;
const leaseSeconds = 5;

type Parts = { readonly db: Database; readonly caracal: Pick<Deployment, "replicas">; readonly clock?: () => number };

async function lookAt({ id, url }: ReplicaAddress, clock: () => number): Promise<Look> {
  const at = clock();
  const { ok, reason } = readyOf(await fetchAnswer(`${url}/ready`));
  return { replica: id, at, ready: ok, reason: reason ?? "" };
}

/** One look at every replica, written down when this console is the one that leads; see createOutageKeeper. */
export function outageTurn({ db, caracal, clock = Date.now }: Parts): () => Promise<void> {
  const holder = randomUUID();
  const kinds = new Map(caracal.replicas.map(({ id, kind }) => [id, kind]));
  let waiting: readonly Span[] = [];
  return async () => {
    if (caracal.replicas.length === 0) return;
    for (const look of await Promise.all(caracal.replicas.map((replica) => lookAt(replica, clock))))
      waiting = noteLook(waiting, look);
    const sent = waiting;
    const leads = await db.transaction(async (tx) => {
      if (!(await holdLease(tx, "outages", holder, leaseSeconds))) return false;
      await writeSpans(tx, { spans: sent, kindOf: (replica) => kinds.get(replica) ?? "sts", now: clock() });
      return true;
    });
    // Written: only what goes on is kept, so that the next look extends it. Another leads: what we saw, it saw.
    waiting = leads ? latestOf(sent) : [];
  };
}

/** Of each replica the last span, cut to its last look: what was written before that needs no second writing. */
function latestOf(spans: readonly Span[]): readonly Span[] {
  const last = new Map(spans.map((span) => [span.replica, span]));
  return [...last.values()].map((span) => ({ ...span, from: span.last, reason: span.lastReason }));
}

/**
 * Asks every replica for /ready once a second and keeps when it did not answer so, by one console at a time. While the console's own
 * database is away, what was seen is kept in memory and written when it is back; what nobody saw is kept as a gap.
 */
export const createOutageKeeper = (parts: Parts): Repeating => repeat("outages", everyMs, outageTurn(parts));
