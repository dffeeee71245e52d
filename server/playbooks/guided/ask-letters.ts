import { deadAuditStream } from "@/server/caracal/audit-chain-read";
import { contentsOf } from "@/server/caracal/audit-rows-by-id";
import { boundedRead } from "@/server/caracal/bounded-read";
import { pipelined } from "@/server/caracal/streams/redis-pipeline";
import { exactInstantSql } from "@/server/platform/exact-time";
import type { Looking } from "@/server/playbooks/guided/playbook";
import type { SeenLetter } from "@/server/playbooks/guided/run-letters";
import type { LetterSort } from "@/server/playbooks/guided/sort-dead-letters";

const bounds = { timeoutMs: 10_000, narrow: "It is asked again." };
const pageSize = 500;
const aLook = 1_000; // letters that somebody who only looks has asked after

type Asked = {
  readonly entry_id: string;
  readonly event_id: string | null;
  readonly at: string | null; // occurred_at, to the microsecond
  readonly content: string | null;
  readonly sort: LetterSort;
  readonly row_state: SeenLetter["row_state"];
  readonly lies: boolean | null;
};
const columns = `entry_id, event_id, ${exactInstantSql("occurred_at")} AS at, content, sort, row_state, lies`;

/** Which of the entries are still in the stream: one exact look each, in one round trip. */
async function lyingAmong({ caracal }: Looking, letters: readonly Asked[]): Promise<ReadonlySet<string>> {
  const ids = letters.filter(({ lies }) => lies !== false).map(({ entry_id: id }) => id);
  const replies = await pipelined(
    caracal.redis,
    ids.map((id) => ["XRANGE", deadAuditStream, id, id, "COUNT", 1] as const),
    () => undefined,
  );
  const found = replies.map((reply) => {
    if (!reply.ok) throw reply.error;
    return Array.isArray(reply.value) && reply.value.length > 0;
  });
  return new Set(ids.filter((_, n) => found[n] === true));
}

/**
 * What the rows say of letters, in their order. Recorded is one whose row has exactly its content; a row with another content under the
 * id, or at another time, is a conflict, and so is a letter that ingestion itself found to differ from its row.
 */
async function rowStates(
  { caracal }: Looking,
  letters: readonly Asked[],
): Promise<("recorded" | "conflict" | "absent")[]> {
  const wanted = letters.flatMap(({ event_id: eventId, at: occurredAt, content, sort }, n) =>
    sort === "conflict" || eventId === null || occurredAt === null || content === null
      ? []
      : [{ n, eventId, occurredAt }],
  );
  const { contents, elsewhere } = await boundedRead(caracal.db, bounds, async (tx) => {
    const rows = wanted.length === 0 ? [] : await contentsOf(tx, wanted);
    const found = new Map(rows.map(({ n, content }) => [n, content]));
    const absent = wanted.filter(({ n }) => !found.has(n)).map(({ eventId }) => eventId);
    const others =
      absent.length === 0
        ? []
        : await tx.query<{ id: string }>(
            `SELECT w.id FROM unnest($1::text[]) AS w (id) CROSS JOIN LATERAL (SELECT 1 FROM audit_events e WHERE e.id = w.id LIMIT 1) AS there`,
            [absent],
          );
    return { contents: found, elsewhere: new Set(others.map(({ id }) => id)) };
  });
  return letters.map(({ event_id: eventId, content, sort }, n) => {
    if (sort === "conflict") return "conflict";
    if (contents.has(n)) return contents.get(n) === content ? "recorded" : "conflict";
    return eventId !== null && elsewhere.has(eventId) ? "conflict" : "absent";
  });
}

async function askPage(looking: Looking, letters: readonly Asked[]): Promise<void> {
  // Redis first: one that is redriven meanwhile is then recorded, and not gone.
  const lying = await lyingAmong(looking, letters);
  const open = letters.filter(({ row_state: state }) => looking.thorough || state !== "recorded");
  const states = open.length === 0 ? [] : await rowStates(looking, open);
  const now = new Map(open.map(({ entry_id: id }, n) => [id, states[n]]));
  await looking.db.query(
    `UPDATE run_dead_letters l SET row_state = s.row_state, lies = s.lies, asked_at = clock_timestamp()
       FROM (SELECT k.entry_id, g.row_state, g.lies FROM json_to_recordset($2) AS g (entry_id text, row_state text, lies boolean)
               JOIN run_dead_letters k ON k.run_id = $1 AND k.entry_id = g.entry_id ORDER BY k.entry_id COLLATE "C" FOR UPDATE OF k) AS s
      WHERE l.run_id = $1 AND l.entry_id = s.entry_id`,
    [
      looking.run.id,
      JSON.stringify(
        letters.map(({ entry_id: id, row_state: before }) => ({
          entry_id: id,
          row_state: now.get(id) ?? before,
          lies: lying.has(id),
        })),
      ),
    ],
  );
}

/**
 * Asks what became of the noted letters of some sorts and keeps it with them. Of who only looks: 1,000 at most, whose answer is the oldest,
 * and none that is recorded and away, which is settled. When something is settled by it: every letter, its row too.
 * @throws source_unreachable, or when Redis does not answer
 */
export async function askLetters(looking: Looking, sorts: readonly LetterSort[]): Promise<void> {
  const { db, run, thorough } = looking;
  if (!thorough) {
    const open = await db.query<Asked>(
      `SELECT ${columns} FROM run_dead_letters WHERE run_id = $1 AND sort = ANY ($2)
          AND (row_state IS DISTINCT FROM 'recorded' OR lies IS DISTINCT FROM false)
        ORDER BY asked_at NULLS FIRST LIMIT ${aLook}`,
      [run.id, sorts],
    );
    for (let at = 0; at < open.length; at += pageSize) await askPage(looking, open.slice(at, at + pageSize));
    return;
  }
  for (let after = ""; ; ) {
    const page = await db.query<Asked>(
      `SELECT ${columns} FROM run_dead_letters WHERE run_id = $1 AND entry_id > $3 AND sort = ANY ($2) ORDER BY entry_id LIMIT ${pageSize}`,
      [run.id, sorts, after],
    );
    if (page.length > 0) await askPage(looking, page);
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return;
    after = last.entry_id;
  }
}
