import { once } from "node:events";
import pg from "pg";
import { expect, test } from "vitest";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import { openDatabase } from "@/server/platform/postgres";

test("a connection lost between two statements of a transaction fails that transaction, and nothing else", async () => {
  const own = await freshConsoleDatabase();
  const other = new pg.Client({ connectionString: own.url });
  await other.connect();
  const db = openDatabase({ url: own.url, label: "The console's own Postgres", max: 1, statementTimeoutMs: 5_000 });
  try {
    const work = db.transaction(async (tx) => {
      const [backend] = await tx.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      await other.query("SELECT pg_terminate_backend($1, 5000)", [backend?.pid]);
      await once(new EventTarget(), "never", { signal: AbortSignal.timeout(100) }).catch(() => undefined); // the loss arrives while no statement runs
      await tx.query("SELECT 1");
    });
    await expect(work).rejects.toThrow(/did not answer/);
    expect(await db.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  } finally {
    await db.close();
    await other.end();
    await own.drop();
  }
});
