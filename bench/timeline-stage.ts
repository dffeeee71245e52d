import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import pg from "pg";
import { createConsoleDatabase } from "@/sandbox/engines/databases";
import { startPostgres } from "@/sandbox/engines/postgres";
import { openDatabase, type Queryable } from "@/server/platform/postgres";
import { appendEntries, type NewEntry } from "@/server/timeline/append-entries";

export const writers = 20;

/** One statement that commits itself, or BEGIN, the statement and COMMIT. */
type Way = "statement" | "transaction";

/** An entry of ordinary size: a sentence, parameters, figures. */
const sampleEntry = (chain: string, n: number): NewEntry => ({
  chain,
  kind: "playbook.revoke",
  by: {
    id: "0d9e4a52-6f0c-4d7a-9c5d-2a3b4c5d6e7f",
    name: "Dana Responder",
    roles: ["responder"],
    address: "192.0.2.17",
    requestId: "9f3e1c52-60fc-4d7a-9c5d-2a3b4c5d6e7f",
  },
  summary: `Session ${n} of subject payments-batch in zone payments was revoked and published to 3 consumer groups`,
  details: {
    parameters: { zoneId: "zone-payments", sessionId: `session-${n}`, round: 1 },
    figures: [{ name: "live sessions", value: n % 97, unit: "sessions", source: "Caracal's Postgres" }],
  },
});

/** A Postgres of the bench's own with a console database, a plain table beside it, and 20 connections of the running role. */
export async function openTimelineStage() {
  const postgres = await startPostgres();
  const own = await createConsoleDatabase(postgres.url);
  const owner = new pg.Client({ connectionString: own.migrateUrl });
  owner.on("error", () => undefined);
  await owner.connect();
  const asSuperuser = new URL(postgres.url);
  asSuperuser.pathname = new URL(own.url).pathname;
  const superuser = new pg.Client({ connectionString: asSuperuser.toString() });
  superuser.on("error", () => undefined);
  await superuser.connect();
  const db = openDatabase({ url: own.url, label: "console", max: writers, statementTimeoutMs: 60_000 });
  await owner.query(
    `CREATE TABLE bench_plain (chain uuid NOT NULL, seq bigint NOT NULL, at timestamptz NOT NULL, kind text NOT NULL, actor_id text,
       actor_name text NOT NULL, actor_roles text NOT NULL, address text, request_id text, summary text NOT NULL, details json NOT NULL,
       prev_hash text NOT NULL, hash text NOT NULL, PRIMARY KEY (chain, seq))`,
  );
  await owner.query(`GRANT INSERT, SELECT ON bench_plain TO ${new URL(own.url).username}`);
  await Promise.all(Array.from({ length: writers }, () => db.query("SELECT pg_sleep(0.05)"))); // connections open

  /** Twenty writers, each entry a transaction of its own; entries a second. */
  async function rate(total: number, write: (writer: number, n: number) => Promise<unknown>): Promise<number> {
    let given = 0;
    const from = performance.now();
    await Promise.all(
      Array.from({ length: writers }, async (_, writer) => {
        while (given < total) {
          const n = given;
          given += 1;
          await write(writer, n);
        }
      }),
    );
    return total / ((performance.now() - from) / 1_000);
  }

  return {
    db,
    owner,
    appendTo: (chains: readonly string[], total: number, as: Way) =>
      rate(total, (writer, n) => {
        const entries = [sampleEntry(chains[writer % chains.length] ?? "", n)];
        return as === "statement" ? appendEntries(db, entries) : db.transaction((tx) => appendEntries(tx, entries));
      }),
    /** The same columns, hashes included, by one bare INSERT into a table without a trigger. */
    insertPlain(total: number, as: Way) {
      const chain = randomUUID();
      const insert = (on: Queryable, n: number) => {
        const { kind, by, summary, details } = sampleEntry(chain, n);
        const person = [by?.id, by?.name, by?.roles.join(","), by?.address, by?.requestId];
        return on.query(
          `INSERT INTO bench_plain (chain, seq, at, kind, actor_id, actor_name, actor_roles, address, request_id, summary, details, prev_hash, hash)
           VALUES ($1, $2, now(), $3, $4, $5, $6, $7, $8, $9, $10, repeat('a', 64), repeat('b', 64))`,
          [chain, n, kind, ...person, summary, JSON.stringify(details)],
        );
      };
      return rate(total, (_, n) => (as === "statement" ? insert(db, n) : db.transaction((tx) => insert(tx, n))));
    },
    /** A chain of `total` entries, 500 a transaction. */
    async fill(chain: string, total: number) {
      for (let from = 0; from < total; from += 500)
        await appendEntries(
          db,
          Array.from({ length: Math.min(500, total - from) }, (_, n) => sampleEntry(chain, from + n)),
        );
    },
    async hashAt(chain: string, seq: number): Promise<string> {
      const [row] = await db.query<{ hash: string }>(
        "SELECT hash FROM timeline_entries WHERE chain = $1 AND seq = $2",
        [chain, seq],
      );
      return row?.hash ?? "";
    },
    /** What a superuser can do: the entries after `seq` are gone, and the head row says that there never were any. */
    async cut(chain: string, seq: number) {
      await superuser.query("SET session_replication_role = replica");
      await superuser.query("DELETE FROM timeline_entries WHERE chain = $1 AND seq > $2", [chain, seq]);
      await superuser.query(
        `UPDATE timeline_heads h SET seq = e.seq, hash = e.hash, at = e.at FROM timeline_entries e
          WHERE h.chain = $1 AND e.chain = $1 AND e.seq = $2`,
        [chain, seq],
      );
    },
    async settle() {
      await owner.query("VACUUM ANALYZE timeline_entries, timeline_heads, bench_plain");
    },
    async close() {
      await db.close();
      await Promise.all([owner.end(), superuser.end()]);
      await postgres.dispose();
    },
  };
}
export type TimelineStage = Awaited<ReturnType<typeof openTimelineStage>>;
