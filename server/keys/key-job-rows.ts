import type { Deployment } from "@/server/caracal/deployment";
import type { SealKind } from "@/server/caracal/keys/sealed-values";
import type { KekProvider } from "@/server/keys/kek-source";
import type { KeyJobKind, KeyJobState, SealCounts, SealCountsByKind, SealPass } from "@/server/keys/schemas";
import { DomainError } from "@/server/platform/errors";
import type { Database, Queryable } from "@/server/platform/postgres";

/** What working on keys needs. `holder` names this worker: progress of a job is saved only by who holds it. */
export type KeyContext = {
  readonly db: Database; // the console's
  readonly caracal: Deployment;
  readonly keks: KekProvider;
  readonly holder: string;
};

/** Where a walk over sealed values is: the last id that was dealt with. */
export type WalkPosition = { readonly kind: SealKind; readonly after: string | null };

export type KeyJobRow = {
  readonly id: string;
  readonly kind: KeyJobKind;
  readonly state: KeyJobState;
  readonly phase: string;
  readonly approval_id: string | null;
  readonly incident_id: string | null;
  readonly parameters: { readonly mode?: "routine" | "compromise" };
  readonly from_kek: string | null;
  readonly to_kek: string | null;
  readonly pass: number;
  readonly position: WalkPosition | null;
  readonly counts: Partial<SealCountsByKind> & { readonly moved?: number };
  readonly passes: readonly SealPass[];
  readonly total: number | null;
  readonly done: number;
  readonly result: unknown;
  readonly reason: string | null;
  readonly requested_by_id: string;
  readonly requested_by_name: string;
  readonly requested_at: Date;
  readonly started_at: Date | null;
  readonly pass_started_at: Date | null;
  readonly finished_at: Date | null;
  readonly cancel_asked_at: Date | null;
  readonly cancel_asked_by: string | null;
  readonly holder: string | null;
  readonly heartbeat_at: Date;
  readonly error: string | null;
};

/** @throws not_found */
export async function loadKeyJob(db: Queryable, id: string): Promise<KeyJobRow> {
  const [job] = await db.query<KeyJobRow>("SELECT * FROM key_jobs WHERE id = $1", [id]);
  if (job === undefined) throw new DomainError("not_found", "No such key job.", { id });
  return job;
}

const silentAfterSeconds = 15;

/** Takes a job that is due: ours, or one whose worker has gone silent. Null when there is none. */
export async function takeKeyJob(ctx: Pick<KeyContext, "db" | "holder">): Promise<KeyJobRow | null> {
  const [job] = await ctx.db.query<KeyJobRow>(
    `UPDATE key_jobs SET holder = $1, heartbeat_at = now(), state = 'running',
            started_at = coalesce(started_at, now()), pass_started_at = coalesce(pass_started_at, clock_timestamp())
      WHERE id = (
        SELECT id FROM key_jobs
         WHERE state IN ('queued', 'running') AND (holder = $1 OR heartbeat_at < now() - make_interval(secs => $2))
         ORDER BY heartbeat_at LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING *`,
    [ctx.holder, silentAfterSeconds],
  );
  return job ?? null;
}

/** Another worker has taken the job over: this one stops at once and writes nothing more about it. */
export class TakenOver extends Error {
  override readonly name = "TakenOver";
}

/** Writes why a job does not get on just now; null: it does. Keeps the job with its worker. */
export async function noteTrouble(
  ctx: Pick<KeyContext, "db" | "holder">,
  id: string,
  why: string | null,
): Promise<void> {
  await ctx.db.query(
    "UPDATE key_jobs SET error = $3, heartbeat_at = now() WHERE id = $1 AND holder = $2 AND state = 'running'",
    [id, ctx.holder, why?.slice(0, 500) ?? null],
  );
}

export const noSeals: SealCounts = { current: 0, next: 0, neither: 0 };
