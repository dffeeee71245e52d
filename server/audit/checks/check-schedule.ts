import { randomUUID } from "node:crypto";
import { reading } from "@/server/audit/checks/reading";
import { verifierVersion } from "@/server/audit/checks/verifier-version";
import { nextChainZones, readEnds } from "@/server/caracal/audit-chain-read";
import type { Deployment } from "@/server/caracal/deployment";
import { holdLease } from "@/server/jobs/lease";
import { type Repeating, repeat } from "@/server/jobs/repeat";
import type { Database } from "@/server/platform/postgres";

type Context = {
  readonly db: Database;
  readonly caracal: Pick<Deployment, "db">;
  readonly holder: string;
  readonly everySeconds: number; // checks of what is new; 0: none
  readonly fullEveryHours: number; // checks of whole chains; 0: none
};

const leaseSeconds = 30;
const lookEveryMs = 5_000;
const zonesAtOnce = 200;

/** Orders one of every zone unless one of the kind is under way. */
async function order(db: Database, scope: "full" | "new"): Promise<boolean> {
  const made = await db.query(
    `INSERT INTO audit_checks (id, verifier, requested_by_id, requested_by_name, scheduled, scope) VALUES ($1, $2, 'console', 'the console', true, $3)
     ON CONFLICT DO NOTHING RETURNING 1`,
    [randomUUID(), verifierVersion, scope],
  );
  return made.length > 0;
}

/** Whether in any zone the chain ends elsewhere than where it was checked to. */
async function anythingNew({ db, caracal }: Context): Promise<boolean> {
  const heads = await db.query<{ zone: string; seq: number; held: boolean }>(
    "SELECT zone_id AS zone, chain_seq::float8 AS seq, held FROM audit_checked_heads",
  );
  const headOf = new Map(heads.map((head) => [head.zone, head]));
  const differs = (zone: string, newest: number | null) => {
    const head = headOf.get(zone);
    return head === undefined ? newest !== null : !head.held && head.seq !== newest;
  };
  for (let after: string | null = null; ; ) {
    const zones: { id: string }[] = await reading({ caracal }, (tx) => nextChainZones(tx, after, zonesAtOnce));
    const ids = zones.map(({ id }) => id);
    const ends = new Map((await reading({ caracal }, (tx) => readEnds(tx, ids))).map((end) => [end.zone, end.newest]));
    for (const id of ids) {
      if (differs(id, ends.get(id) ?? null)) return true;
      headOf.delete(id);
    }
    after = ids.at(-1) ?? null;
    if (ids.length < zonesAtOnce) break;
  }
  return [...headOf.keys()].some((zone) => differs(zone, null)); // zones of which no row is left
}

/**
 * Orders the checks that are due: whole chains every so many hours, at once when there was none; what is new every so many seconds, once
 * whole chains were checked and where there is something new. Gives which.
 */
export async function orderDueChecks(ctx: Context): Promise<"full" | "new" | null> {
  const { db, everySeconds, fullEveryHours } = ctx;
  const [due] = await db.query<{ full: boolean; new: boolean }>(
    `SELECT NOT EXISTS (SELECT FROM audit_checks WHERE scope = 'full' AND zone_id IS NULL AND state <> 'cancelled'
                         AND requested_at > now() - make_interval(hours => $1)) AS full,
            EXISTS (SELECT FROM audit_checks WHERE scope = 'full' AND zone_id IS NULL AND state = 'finished')
            AND NOT EXISTS (SELECT FROM audit_checks WHERE scope = 'new' AND zone_id IS NULL AND coalesce(finished_at, now()) > now() - make_interval(secs => $2)) AS new`,
    [fullEveryHours, everySeconds],
  );
  if (fullEveryHours > 0 && due?.full === true && (await order(db, "full"))) return "full";
  if (everySeconds > 0 && due?.new === true && (await anythingNew(ctx)) && (await order(db, "new"))) return "new";
  return null;
}

/** Keeps the checks going, in one replica at a time. */
export const createCheckSchedule = (ctx: Context): Repeating =>
  repeat("the schedule of audit checks", lookEveryMs, async () => {
    if (await holdLease(ctx.db, "audit-check-schedule", ctx.holder, leaseSeconds)) await orderDueChecks(ctx);
    return false;
  });
