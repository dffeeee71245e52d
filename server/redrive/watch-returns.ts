import { readExactEntries } from "@/server/caracal/streams/exact-entries";
import { holdRun, moveEntries, type Outcome } from "@/server/redrive/entry-states";
import { readLetter } from "@/server/redrive/letters/read-letter";
import type { RedriveContext, RunRow } from "@/server/redrive/run-rows";
import { sentFingerprint, type ToSend, toSendColumns, withOriginal } from "@/server/redrive/sent-fields";

const pageSize = 500;
const pagesAtOnce = 4;

/** What came into the dead letters since it was last looked, and whether that is all of it. */
type Arrived = {
  readonly reasons: ReadonlyMap<string, Outcome["outcome"]>;
  readonly to: string | null;
  readonly whole: boolean;
};

async function arrivals({ caracal }: RedriveContext, run: RunRow): Promise<Arrived> {
  const reasons = new Map<string, string>();
  let after = run.watched_to;
  for (let page = 0; page < pagesAtOnce; page += 1) {
    const entries = await readExactEntries(caracal.redis, { stream: run.stream, after, upTo: "+", limit: pageSize });
    for (const entry of entries) {
      const { fingerprint, reason } = readLetter(run.stream, entry);
      reasons.set(fingerprint, `It came back as ${entry.id}: ${reason}`);
    }
    after = entries.at(-1)?.id ?? after;
    if (entries.length < pageSize) return { reasons, to: after, whole: true };
  }
  return { reasons, to: after, whole: false };
}

/**
 * Looks through the dead letters that came since the list for what this run had added: such an entry has failed and is not added again
 * by it. Everything else that arrives is left alone. True: it has seen all there is.
 */
export async function watchReturns(ctx: RedriveContext, run: RunRow): Promise<boolean> {
  const { reasons, to, whole } = await arrivals(ctx, run);
  if (to === run.watched_to) return whole;
  await ctx.db.transaction(async (tx) => {
    const sent = await tx.query<ToSend>(
      `SELECT ${toSendColumns} FROM redrive_entries e ${withOriginal}
        WHERE e.run_id = $1 AND e.n > $2 AND e.n < $3 AND e.state = 'added' AND (e.fingerprint = ANY ($4) OR e.replacement IS NOT NULL)`,
      [run.id, run.settled_to, run.reached, [...reasons.keys()]],
    );
    const back = sent.flatMap((entry): Outcome[] => {
      const outcome = reasons.get(sentFingerprint(ctx.keys, run.stream, entry));
      return outcome === undefined ? [] : [{ n: entry.n, outcome }];
    });
    await holdRun(tx, ctx, run, "watched_to = $3, failed = failed + $4", [to, back.length]);
    await moveEntries(tx, run.id, ["added"], "failed", back);
  });
  return whole;
}
