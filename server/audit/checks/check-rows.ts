import { setImmediate as breath, setTimeout as pause } from "node:timers/promises";
import type { Trouble } from "@/server/audit/checks/troubles";
import type { CheckScope, CheckTotals } from "@/server/audit/checks/schemas";
import type { WalkState } from "@/server/audit/verify/walk-state";
import type { Deployment } from "@/server/caracal/deployment";
import type { Database, Queryable } from "@/server/platform/postgres";

export type CheckContext = {
  readonly db: Database;
  readonly caracal: Pick<Deployment, "db" | "redis">;
  readonly auditKey: Buffer | null;
  readonly holder: string;
};
export type CheckRow = {
  readonly id: string;
  readonly zone_id: string | null;
  readonly zone_name: string | null;
  readonly scope: CheckScope;
  readonly window_from: string | null;
  readonly window_to: string | null;
  readonly scheduled: boolean;
};
/** Where the walk of a zone is, and what goes with it. */
export type Kept = WalkState & { readonly sealed: boolean };
export type ZoneRow = {
  readonly zone_id: string;
  readonly zone_name: string | null;
  readonly state: "waiting" | "walking" | "done";
  readonly newest_seq: number | null;
  readonly from_seq: number | null;
  readonly until_seq: number | null;
  readonly walk: Kept | null;
  readonly totals: CheckTotals | null;
  readonly trouble: Trouble | null;
  readonly judged: number;
};

const silentAfterSeconds = 20;
const beatMs = 1_000;
const longMs = 3_000; // of waiting, before it says that it is there still

/** The check is another worker's, or was cancelled: it is left as it is. */
export class Ended extends Error {
  override readonly name = "Ended";
  constructor(readonly why: "taken over" | "cancelled") {
    super(why);
  }
}

/** Takes the check that waits longest, or one whose worker has gone silent. */
export async function takeCheck({ db, holder }: CheckContext): Promise<CheckRow | null> {
  const [row] = await db.query<CheckRow>(
    `UPDATE audit_checks SET holder = $1, heartbeat_at = now(), state = 'running', times_taken = times_taken + 1, started_at = coalesce(started_at, now())
      WHERE id = (SELECT id FROM audit_checks WHERE state IN ('queued', 'running') AND heartbeat_at < now() - make_interval(secs => $2)
                   ORDER BY scheduled, requested_at LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING id, zone_id, zone_name, scope, window_from, window_to, scheduled`,
    [holder, silentAfterSeconds],
  );
  return row ?? null;
}

export type Beat = {
  /** Says where it is, at most once a second, and hears whether it is to stop. @throws Ended */
  at(phase: string, done: number): Promise<void>;
  /** Goes on saying where it is while it waits for something that may take long. @throws Ended */
  during<T>(phase: string, done: number, work: Promise<T>): Promise<T>;
  /** Whether a second has gone by since the last time that the walk was kept. */
  due(): boolean;
  /** Keeps in one transaction what `work` writes, if the check is still this worker's. @throws Ended */
  keep(phase: string, done: number, work: (tx: Queryable) => Promise<unknown>): Promise<void>;
};

export function beating({ db, holder }: CheckContext, checkId: string): Beat {
  let last = 0;
  const say = async (tx: Queryable, phase: string, done: number) => {
    const [row] = await tx.query<{ cancelled: boolean }>(
      `UPDATE audit_checks SET phase = $3, done = $4, heartbeat_at = now(), error = NULL WHERE id = $1 AND holder = $2 AND state = 'running'
       RETURNING cancel_asked_by IS NOT NULL AS cancelled`,
      [checkId, holder, phase, done],
    );
    if (row === undefined) throw new Ended("taken over");
    if (row.cancelled) throw new Ended("cancelled");
    last = Date.now();
  };
  const due = () => Date.now() - last >= beatMs;
  const at = async (phase: string, done: number) => {
    await breath(); // others of this process want to work too
    if (due()) await say(db, phase, done);
  };
  return {
    due,
    at,
    async during(phase, done, work) {
      work.catch(() => undefined); // it is thrown below, unless the check has ended before
      for (let over = false; !over; ) {
        const waiting = new AbortController();
        const told = await Promise.race([
          work.then(
            () => true,
            () => true,
          ),
          pause(longMs, false, { signal: waiting.signal }).catch(() => false),
        ]);
        waiting.abort();
        over = told;
        if (!over) await at(phase, done);
      }
      return work;
    },
    keep: (phase, done, work) =>
      db.transaction(async (tx) => {
        await say(tx, phase, done);
        await work(tx);
      }),
  };
}
