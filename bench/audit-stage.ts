import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { to as copyTo } from "pg-copy-streams";
import { type ChainEntry, type ChainRow, honestEvents } from "@/sandbox/audit-chain/honest-chain";
import { ingestEvents } from "@/sandbox/audit-stage/ingest";
import { loadChainRows, loadChainStream } from "@/sandbox/audit-stage/load-chain";
import { createCaracalDatabase, createConsoleDatabase } from "@/sandbox/engines/databases";
import { startPostgres } from "@/sandbox/engines/postgres";
import { startRedis } from "@/sandbox/engines/redis";
import { openKeyStage } from "@/sandbox/key-stage/stage";
import { getCheck } from "@/server/audit/checks/check-views";
import { startCheck } from "@/server/audit/checks/start-check";
import { threadBundle, threadFile } from "@/server/audit/threads/thread-source";

const checkout = fileURLToPath(new URL("../", import.meta.url));
const batch = 20_000;

/** Engines of the bench's own with chains in them, and checks in processes of their own. */
export async function openAuditBench() {
  const key = Buffer.alloc(32, 7);
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  const [own, theirs] = await Promise.all([createConsoleDatabase(postgres.url), createCaracalDatabase(postgres.url)]);
  const stage = await openKeyStage({
    engines: { own, theirs, redis: { url: redis.url, drop: async () => undefined } },
  });
  mkdirSync(join(checkout, ".cache"), { recursive: true });
  const folder = mkdtempSync(join(checkout, ".cache", "audit-bench-"));
  await build({
    entryPoints: [join(checkout, "sandbox/audit-stage/worker-process.ts")],
    outfile: join(folder, "worker.mjs"),
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    packages: "external",
    logLevel: "warning",
  });
  await build({ ...threadBundle(checkout), outfile: join(folder, threadFile) });
  const children = new Set<ChildProcess>();

  return {
    stage,
    /** A zone, and what adds to its chain; `streamed`: the stream holds signed copies too. */
    async zone(streamed: boolean) {
      const id = await stage.newZone(streamed ? "Streamed" : "Not streamed");
      const events = honestEvents(Math.random, key, { zoneId: id, nextMs: 2 });
      return {
        id,
        async add(count: number): Promise<void> {
          const client = await stage.caracalOwner.connect();
          try {
            for (let left = count; left > 0; left -= batch) {
              const some = Array.from({ length: Math.min(batch, left) }, () => events.next().value as Event);
              await loadChainRows(
                client,
                some.map(({ row }) => row),
              );
              if (streamed)
                await loadChainStream(
                  stage.caracal.redis,
                  some.map(({ entry }) => entry),
                );
            }
            await client.query("ANALYZE audit_events");
          } finally {
            client.release();
          }
        },
        next: () => events.next().value as Event,
      };
    },
    /** Checks whole chains in a process of its own: how long it took, its peak memory, what it found. */
    async check(zoneId?: string) {
      const ctx = { db: stage.db, caracal: stage.caracal, actor: stage.actor };
      const { checkId } = await startCheck({ ctx, input: { zoneId, scope: "full" } });
      // bounded, so that what is measured is what a check needs and not how late V8 tidies up
      const child = spawn(process.execPath, ["--max-old-space-size=96", join(folder, "worker.mjs")], {
        cwd: folder,
        stdio: ["ignore", "pipe", "inherit"],
        env: {
          PATH: process.env.PATH,
          NODE_ENV: "production",
          AUDIT_CHECK: checkId,
          CONSOLE_URL: own.url,
          CARACAL_URL: theirs.url,
          REDIS_URL: redis.url,
          AUDIT_KEY: key.toString("hex"),
          HOLDER: `console:${randomUUID()}`,
        },
      });
      children.add(child);
      let said = "";
      child.stdout?.on("data", (chunk: Buffer) => {
        said += chunk.toString();
      });
      const [code] = (await once(child, "exit")) as [number | null];
      const peak = /^peak (\d+)$/m.exec(said)?.[1];
      if (code !== 0 || peak === undefined) throw new Error(`the check failed: ${said.slice(-400)}`);
      const { totals, startedAt, finishedAt } = await getCheck({ ctx: { db: stage.db }, input: { checkId } });
      if (totals === null) throw new Error("the check came to no result");
      const seconds = (Date.parse(finishedAt ?? "") - Date.parse(startedAt ?? "")) / 1_000;
      return { totals, seconds, peakMiB: Number(peak) / 1_024 };
    },
    /** Seconds that Postgres takes to hand out a zone's rows to nobody. */
    async copyOut(zoneId: string): Promise<number> {
      const client = await stage.caracalOwner.connect();
      try {
        const began = performance.now();
        const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
        const sql = `COPY (SELECT * FROM audit_events WHERE zone_id = '${zoneId}' ORDER BY chain_seq) TO STDOUT CSV`;
        await pipeline(client.query(copyTo(sql)), nowhere);
        return (performance.now() - began) / 1_000;
      } finally {
        client.release();
      }
    },
    ingest: (next: () => Event, eventsPerSecond: number) =>
      ingestEvents({ redis: stage.caracal.redis, owner: stage.caracalOwner }, next, eventsPerSecond),
    async close(): Promise<void> {
      for (const child of children) child.kill("SIGKILL");
      await stage.close();
      await Promise.all([postgres.stop(), redis.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Event = { readonly row: ChainRow; readonly entry: ChainEntry };
