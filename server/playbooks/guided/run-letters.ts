import { deadAuditStream } from "@/server/caracal/audit-chain-read";
import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import { pipelined } from "@/server/caracal/streams/redis-pipeline";
import type { Database } from "@/server/platform/postgres";
import { type LetterSort, letterSorts } from "@/server/playbooks/guided/sort-dead-letters";

const bounds = { timeoutMs: 10_000, narrow: "It is asked again." };
const idsAtOnce = 200;

/** A dead letter that lay there while a run was open. */
export type NotedLetter = {
  readonly entry_id: string;
  readonly event_id: string | null;
  readonly zone_id: string | null;
  readonly cause: string;
  readonly sort: LetterSort;
  readonly occurred_at: Date | null;
  readonly received_at: Date;
};

/** The letters of a run, oldest first; 10,000 are kept at most. */
export const notedLetters = (
  db: Database,
  runId: string,
  sorts: readonly LetterSort[] = letterSorts,
): Promise<NotedLetter[]> =>
  db.query<NotedLetter>(
    `SELECT entry_id, event_id, zone_id, cause, sort, occurred_at, received_at FROM run_dead_letters
      WHERE run_id = $1 AND sort = ANY ($2) ORDER BY received_at, entry_id LIMIT 10000`,
    [runId, sorts],
  );

/** How many entries the dead-letter stream of the audit stream holds. @throws when Redis does not answer */
export async function lettersLeft(caracal: Pick<Deployment, "redis">): Promise<number> {
  const [reply] = await pipelined(caracal.redis, [["XLEN", deadAuditStream]], () => undefined);
  if (reply === undefined || !reply.ok) throw reply?.error ?? new Error("Redis gave no reply");
  return Number(reply.value);
}

/** Which of the entries are still in the stream: one exact look each. */
export async function stillThere(
  caracal: Pick<Deployment, "redis">,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (let at = 0; at < ids.length; at += idsAtOnce) {
    const page = ids.slice(at, at + idsAtOnce);
    const replies = await pipelined(
      caracal.redis,
      page.map((id) => ["XRANGE", deadAuditStream, id, id, "COUNT", 1] as const),
      () => undefined,
    );
    replies.forEach((reply, n) => {
      if (!reply.ok) throw reply.error;
      const id = page[n];
      if (id !== undefined && Array.isArray(reply.value) && reply.value.length > 0) found.add(id);
    });
  }
  return found;
}

/** Which events are recorded, by their ids: one probe of each partition's key an id, 200 at a time. @throws source_unreachable */
export async function recordedEvents(
  caracal: Pick<Deployment, "db">,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const unique = [...new Set(ids)];
  for (let at = 0; at < unique.length; at += idsAtOnce) {
    const rows = await boundedRead(caracal.db, bounds, (tx) =>
      tx.query<{ id: string }>(
        `SELECT w.id FROM unnest($1::text[]) AS w (id) CROSS JOIN LATERAL (SELECT 1 FROM audit_events e WHERE e.id = w.id LIMIT 1) AS there`,
        [unique.slice(at, at + idsAtOnce)],
      ),
    );
    for (const { id } of rows) found.add(id);
  }
  return found;
}
