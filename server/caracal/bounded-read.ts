import { DatabaseError } from "pg";
import { DomainError } from "@/server/platform/errors";
import type { Database, Queryable } from "@/server/platform/postgres";

export type ReadBounds = {
  readonly timeoutMs: number; // per statement
  readonly narrow: string; // what to narrow when it does not finish, as a sentence for the operator
};

const queryCanceled = "57014";

/**
 * Runs reads of Caracal's big tables in one read-only transaction that walks indexes only: sequential and bitmap scans are
 * off (a bitmap is built whole before LIMIT can stop it), no parallel workers, a statement timeout of its own (law 4).
 * @throws DomainError("precondition_failed") with `narrow` when a statement runs out of time.
 */
export async function boundedRead<T>(
  db: Database,
  bounds: ReadBounds,
  work: (tx: Queryable) => Promise<T>,
): Promise<T> {
  try {
    return await db.transaction(async (tx) => {
      await tx.query(
        `SELECT set_config('transaction_read_only', 'on', true), set_config('statement_timeout', $1, true),
                set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
                set_config('max_parallel_workers_per_gather', '0', true), set_config('jit', 'off', true)`,
        [`${bounds.timeoutMs}ms`],
      );
      return await work(tx);
    });
  } catch (error) {
    if (error instanceof DatabaseError && error.code === queryCanceled)
      throw new DomainError(
        "precondition_failed",
        `This took longer than ${bounds.timeoutMs / 1000} s and was stopped, so as not to burden Caracal's Postgres. ${bounds.narrow}`,
        { timeoutMs: bounds.timeoutMs },
        { cause: error },
      );
    throw error;
  }
}
