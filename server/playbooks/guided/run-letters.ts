import { deadAuditStream } from "@/server/caracal/audit-chain-read";
import type { Deployment } from "@/server/caracal/deployment";
import { pipelined } from "@/server/caracal/streams/redis-pipeline";
import type { Database } from "@/server/platform/postgres";
import type { LetterSort } from "@/server/playbooks/guided/sort-dead-letters";

/** Letters of a run as they were last seen, counted. */
export type Tally = {
  readonly letters: number;
  readonly unasked: number; // of which nobody has asked yet
  readonly recorded: number; // the row is there with exactly this content
  readonly conflicts: number; // another content is recorded under the id
  readonly waiting: number; // no row, and among the letters
  readonly gone: number; // no row, nor among the letters
  readonly lying: number; // among the letters, recorded or not
};
export type SortTally = Tally & {
  readonly sort: LetterSort;
  readonly first: Date; // received
  readonly last: Date;
  readonly earliest: Date | null; // that events say they occurred
  readonly latest: Date | null;
};

/** The letters of a run by what is behind them. */
export const lettersBySort = (db: Database, runId: string): Promise<SortTally[]> =>
  db.query<SortTally>(
    `SELECT sort, count(*)::int AS letters, count(*) FILTER (WHERE asked_at IS NULL)::int AS unasked,
            count(*) FILTER (WHERE row_state = 'recorded')::int AS recorded,
            count(*) FILTER (WHERE row_state = 'conflict')::int AS conflicts,
            count(*) FILTER (WHERE row_state = 'absent' AND lies)::int AS waiting,
            count(*) FILTER (WHERE row_state = 'absent' AND NOT lies)::int AS gone,
            count(*) FILTER (WHERE lies)::int AS lying,
            min(received_at) AS first, max(received_at) AS last, min(occurred_at) AS earliest, max(occurred_at) AS latest
       FROM run_dead_letters WHERE run_id = $1 GROUP BY sort`,
    [runId],
  );

const counts = ["letters", "unasked", "recorded", "conflicts", "waiting", "gone", "lying"] as const;

/** The tallies of some sorts as one; of all where none are named. */
export function together(tallies: readonly SortTally[], sorts?: readonly LetterSort[]): Tally {
  const of = sorts === undefined ? tallies : tallies.filter(({ sort }) => sorts.includes(sort));
  const sum = (name: (typeof counts)[number]) => of.reduce((all, tally) => all + tally[name], 0);
  return Object.fromEntries(counts.map((name) => [name, sum(name)])) as Tally;
}

export type SeenLetter = {
  readonly name: string; // the event's id, or the entry's
  readonly cause: string;
  readonly row_state: "recorded" | "conflict" | "absent" | null;
  readonly lies: boolean | null;
  readonly received_at: Date;
};

/** Some letters of a run as they were last seen: conflicts first, then what is not recorded, the oldest first. */
export const seenLetters = (
  db: Database,
  runId: string,
  only: { readonly sorts: readonly LetterSort[]; readonly states: readonly SeenLetter["row_state"][] },
  limit: number,
): Promise<SeenLetter[]> =>
  db.query<SeenLetter>(
    `SELECT coalesce(event_id, 'entry ' || entry_id) AS name, cause, row_state, lies, received_at FROM run_dead_letters
      WHERE run_id = $1 AND sort = ANY ($2) AND row_state = ANY ($3)
      ORDER BY array_position(ARRAY['conflict', 'absent', 'recorded'], row_state), received_at, entry_id LIMIT $4`,
    [runId, only.sorts, only.states, limit],
  );

/** How many entries the dead-letter stream of the audit stream holds. @throws when Redis does not answer */
export async function lettersLeft(caracal: Pick<Deployment, "redis">): Promise<number> {
  const [reply] = await pipelined(caracal.redis, [["XLEN", deadAuditStream]], () => undefined);
  if (reply === undefined || !reply.ok) throw reply?.error ?? new Error("Redis gave no reply");
  return Number(reply.value);
}
