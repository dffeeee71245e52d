import { setTimeout as pause } from "node:timers/promises";
import { DatabaseError, Pool, type PoolClient, type QueryResultRow } from "pg";
import { log } from "@/server/platform/log";
import { DomainError, messageOf } from "@/server/platform/errors";

export type Queryable = {
  /** Runs one statement and gives its rows. */
  query<Row extends QueryResultRow>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
};

export type Database = Queryable & {
  /**
   * Runs `work` in one transaction (READ COMMITTED); rolls back when it throws. One that Postgres ended so that another could go on
   * (deadlock, serialization) is run again from its beginning, as often as the database was opened with `attempts`.
   */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

export type DatabaseOptions = {
  readonly url: string;
  readonly label: string; // as the operator reads it: "Caracal's Postgres"
  readonly max: number;
  readonly statementTimeoutMs: number;
  readonly attempts?: number; // of a transaction that another one got in the way of; 1 unless said: `work` may run more than once
};

/** True when a unique key refused the statement: somebody else was first. */
export const isUniqueViolation = (error: unknown): boolean => error instanceof DatabaseError && error.code === "23505";

/** True when Postgres ended the transaction for the sake of another: nothing of it was done, and it may be run again. */
const wasSacrificed = (error: unknown): boolean =>
  error instanceof DatabaseError && (error.code === "40P01" || error.code === "40001");

/** True for failures of the connection or the server, as against of the statement. */
function isUnreachable(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return true;
  return error.code !== undefined && /^(08|57P|53)/.test(error.code);
}

const asQueryable = (client: Pick<PoolClient, "query">, label: string): Queryable => ({
  async query(sql, params = []) {
    try {
      const result = await client.query(sql, [...params]);
      return result.rows;
    } catch (error) {
      if (isUnreachable(error))
        throw new DomainError(
          "source_unreachable",
          `${label} did not answer: ${messageOf(error)}.`,
          {},
          { cause: error },
        );
      throw error;
    }
  },
});

/**
 * A small pool with a statement timeout on every connection. Never connects before it is used, so a database that is
 * away does not keep the console from starting; a lost connection is replaced on the next statement.
 */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = new Pool({
    connectionString: options.url,
    max: options.max,
    connectionTimeoutMillis: 3_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: options.statementTimeoutMs,
    query_timeout: options.statementTimeoutMs + 2_000,
    idle_in_transaction_session_timeout: 30_000,
    application_name: "caracal-console",
    keepAlive: true,
  });
  pool.on("error", (error) => log.warn({ database: options.label, reason: error.message }, "idle connection lost"));
  // One lost between two statements of a transaction has no other listener, and would end the process; its next statement fails.
  pool.on("connect", (client) => client.on("error", () => undefined));
  const direct = asQueryable({ query: pool.query.bind(pool) } as Pick<PoolClient, "query">, options.label);
  return {
    ...direct,
    async transaction(work) {
      for (let left = (options.attempts ?? 1) - 1; ; left -= 1)
        try {
          return await once(work);
        } catch (error) {
          if (left <= 0 || !wasSacrificed(error)) throw error;
          log.debug({ database: options.label, reason: messageOf(error) }, "a transaction is run again");
          await pause(5 + Math.random() * 50); // so that the two do not meet again
        }
    },
    close: () => pool.end(),
  };

  async function once<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    let client: PoolClient;
    try {
      client = await pool.connect();
    } catch (error) {
      throw new DomainError(
        "source_unreachable",
        `${options.label} did not answer: ${messageOf(error)}.`,
        {},
        { cause: error },
      );
    }
    const tx = asQueryable(client, options.label);
    let broken: Error | undefined;
    try {
      await tx.query("BEGIN");
      const value = await work(tx);
      await tx.query("COMMIT");
      return value;
    } catch (error) {
      await tx.query("ROLLBACK").catch((rollbackError: unknown) => {
        broken = rollbackError instanceof Error ? rollbackError : new Error(String(rollbackError));
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }
}
