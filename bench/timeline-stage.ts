import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import pg from "pg";
import { createConsoleDatabase } from "@/sandbox/engines/databases";
import { startPostgres } from "@/sandbox/engines/postgres";
import { openDatabase } from "@/server/platform/postgres";
import { appendEntries, type NewEntry } from "@/server/timeline/append-entries";

export const writers = 20;

/** An entry of ordinary size: a sentence, parameters, figures. */
export const sampleEntry = (chain: string, n: number): NewEntry => ({
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
    appendTo: (chains: readonly string[], total: number) =>
      rate(total, (writer, n) =>
        db.transaction((tx) => appendEntries(tx, [sampleEntry(chains[writer % chains.length] ?? randomUUID(), n)])),
      ),
    /** The same columns, hashes included, by one bare INSERT into a table without a trigger. */
    insertPlain(total: number) {
      const chain = randomUUID();
      return rate(total, (_, n) => {
        const { kind, by, summary, details } = sampleEntry(chain, n);
        return db.transaction((tx) =>
          tx.query(
            `INSERT INTO bench_plain (chain, seq, at, kind, actor_id, actor_name, actor_roles, address, request_id, summary, details, prev_hash, hash)
             VALUES ($1, $2, now(), $3, $4, $5, $6, $7, $8, $9, $10, repeat('a', 64), repeat('b', 64))`,
            [
              chain,
              n,
              kind,
              by?.id,
              by?.name,
              by?.roles.join(","),
              by?.address,
              by?.requestId,
              summary,
              JSON.stringify(details),
            ],
          ),
        );
      });
    },
    async settle() {
      await owner.query("VACUUM ANALYZE timeline_entries, timeline_heads, bench_plain");
    },
    async close() {
      await db.close();
      await owner.end();
      await postgres.dispose();
    },
  };
}
