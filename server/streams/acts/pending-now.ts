import { type RawPending, readEntriesById, toPending } from "@/server/caracal/streams/entries";
import { type Command, listOf, pipelined } from "@/server/caracal/streams/redis-pipeline";
import { DomainError } from "@/server/platform/errors";
import type { ActContext } from "@/server/streams/acts/act-row";
import type { EntryBefore } from "@/server/streams/acts/schemas";
import { askRedis } from "@/server/streams/ask-redis";
import { pendingVerdicts } from "@/server/streams/pending-verdicts";
import type { PendingVerdict } from "@/server/streams/schemas";

export type PendingNow = {
  readonly pending: readonly RawPending[];
  readonly verdicts: ReadonlyMap<string, PendingVerdict>;
  readonly before: Readonly<Record<string, EntryBefore>>;
};

/** These entries as they are pending right now. @throws not_found (stream, group), conflict naming those that are not pending */
export async function pendingNow(
  ctx: ActContext,
  { stream, group, ids }: { readonly stream: string; readonly group: string; readonly ids: readonly string[] },
): Promise<PendingNow> {
  const { redis } = ctx.caracal;
  const { pending, entries } = await askRedis(async () => {
    const commands = ids.map((id): Command => ["XPENDING", stream, group, id, id, 1]);
    const replies = await pipelined(redis, commands, () => undefined);
    const found = replies.flatMap((reply) => {
      if (!reply.ok) throw reply.error;
      return toPending(listOf(reply.value));
    });
    return { pending: found, entries: await readEntriesById(redis, stream, ids) };
  });
  const missing = ids.filter((id) => !pending.some((entry) => entry.id === id));
  if (missing.length > 0)
    throw new DomainError(
      "conflict",
      `${missing.length === 1 ? `${missing[0]} is` : `${missing.length} of these are`} no longer pending: somebody has acknowledged it meanwhile. Load the list again.`,
    );
  const verdicts = await pendingVerdicts(ctx, { stream, group }, pending, entries);
  const before = Object.fromEntries(
    pending.map(({ id, consumer, idleMs, deliveries }): [string, EntryBefore] => [
      id,
      { consumer, idleMs, deliveries, verdict: verdicts.get(id)?.kind ?? null },
    ]),
  );
  return { pending, verdicts, before };
}
