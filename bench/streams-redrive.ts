import { execFileSync, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { createCaracalDatabase, createConsoleDatabase } from "@/sandbox/engines/databases";
import { startPostgres } from "@/sandbox/engines/postgres";
import { startRedis } from "@/sandbox/engines/redis";
import { findRedisBinary } from "@/sandbox/engines/redis-binary";
import { addLetters, letterOf, type MadeEvent, madeEvent, transient } from "@/sandbox/redrive-stage/audit-letters";
import { dlq, openRedriveStage, type RedriveStage } from "@/sandbox/redrive-stage/stage";
import { auditStream } from "@/server/caracal/streams/expected-streams";
import { startRedrive } from "@/server/redrive/start-redrive";
import { sizeOf } from "./flags";
import type { BenchPart } from "./result";

const checkout = fileURLToPath(new URL("../", import.meta.url));
const zone = "zone-bench";
const batch = 500;

const events = (stage: RedriveStage, count: number): MadeEvent[] =>
  Array.from({ length: count }, () => madeEvent(stage.keys.audit, zone));

/** The bare peer: pipelined XADD of every event, and batched SELECTs until all of them are rows. Nothing is recorded, nothing resumes. */
async function bare(stage: RedriveStage, made: readonly MadeEvent[]): Promise<number> {
  const began = performance.now();
  let seen = 0;
  const count = async (ids: readonly string[]) =>
    (await stage.caracal.db.query("SELECT id FROM audit_events WHERE id = ANY ($1)", [ids])).length;
  const waiting: string[][] = [];
  const settle = async (most: number) => {
    while (waiting.length > most) {
      const ids = waiting[0] ?? [];
      if ((await count(ids)) === ids.length) {
        seen += ids.length;
        waiting.shift();
      } else await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  for (let from = 0; from < made.length; from += batch) {
    const some = made.slice(from, from + batch);
    const pipe = stage.redis.pipeline();
    for (const { id, data, sig } of some) pipe.xadd(auditStream, "*", "id", id, "data", data, "sig", sig);
    await pipe.exec();
    waiting.push(some.map(({ id }) => id));
    await settle(4); // as many on their way as a redrive allows itself
  }
  await settle(0);
  if (seen !== made.length) throw new Error("the bare peer lost events");
  return (performance.now() - began) / 1_000;
}

/** By hand: for each letter one XRANGE, one XADD and one XDEL of redis-cli, as the incident page's loop does it. Seconds per letter. */
function byHand(stage: RedriveStage, ids: readonly string[]): number {
  const binary = findRedisBinary();
  if (binary === null) throw new Error("no redis-cli");
  const cli = join(dirname(binary.command), "redis-cli");
  const url = new URL(stage.urls.redis);
  const ask = (...args: string[]) =>
    execFileSync(
      cli,
      [
        "-h",
        url.hostname,
        "-p",
        url.port,
        ...(url.password ? ["-a", url.password, "--no-auth-warning"] : []),
        "--json",
        ...args,
      ],
      {
        env: { ...process.env, ...binary.env },
        encoding: "utf8",
      },
    );
  const began = performance.now();
  for (const id of ids) {
    const [[, flat]] = JSON.parse(ask("XRANGE", dlq, id, id)) as [[string, string[]]];
    const value = (name: string) => flat[flat.indexOf(name) + 1] ?? "";
    ask("XADD", auditStream, "*", "id", value("src_id"), "data", value("src_data"), "sig", value("src_sig"));
    ask("XDEL", dlq, id);
  }
  return (performance.now() - began) / 1_000 / ids.length;
}

/** A redrive of many letters by a worker process, against bare adding and selecting and against a shell's loop, in one run: --redrive, --by-hand. */
export async function redrive(): Promise<BenchPart> {
  const [size, sample] = [sizeOf("redrive", 100_000), sizeOf("by-hand", 200)];
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  const [own, theirs] = await Promise.all([createConsoleDatabase(postgres.url), createCaracalDatabase(postgres.url)]);
  const stage = await openRedriveStage({
    engines: { own, theirs, redis: { url: redis.url, drop: async () => undefined } },
  });
  const folder = join(checkout, ".cache", `redrive-bench-${process.pid}`);
  await build({
    entryPoints: ["worker-process", "fast-ingester"].map((name) => join(checkout, `sandbox/redrive-stage/${name}.ts`)),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    packages: "external",
    logLevel: "warning",
    absWorkingDir: checkout,
  });
  const run = (name: string, env: Record<string, string>) =>
    spawn(process.execPath, [join(folder, `${name}.mjs`)], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
  const ingester = run("fast-ingester", { CARACAL_OWNER_URL: theirs.ownerUrl, REDIS_URL: redis.url });
  try {
    await new Promise((resolve) => ingester.stdout.once("data", resolve));
    const bareSeconds = await bare(stage, events(stage, size));
    const handIds = await addLetters(
      stage.redis,
      events(stage, sample).map((event) => letterOf(event, transient)),
    );
    const handEach = byHand(stage, handIds);

    const made = events(stage, size);
    await addLetters(
      stage.redis,
      made.map((event) => letterOf(event, transient)),
    );
    const listing = performance.now();
    const list = await stage.list();
    const listSeconds = (performance.now() - listing) / 1_000;
    const began = performance.now();
    await startRedrive({
      ctx: { db: stage.db, actor: stage.actor },
      input: {
        runId: list.id,
        classes: ["missing"],
        rate: null,
        canary: 10,
        mostLag: 1_000_000,
        mostFailures: 5,
        reason: "A measurement",
      },
    });
    const worker = run("worker-process", {
      CONSOLE_URL: own.url,
      CARACAL_URL: theirs.url,
      REDIS_URL: redis.url,
      AUDIT_KEY: stage.keys.audit.toString("hex"),
      STREAMS_KEY: stage.keys.streams.toString("hex"),
      RUN: list.id,
    });
    worker.stdout.resume();
    await new Promise((resolve) => worker.once("exit", resolve));
    const seconds = (performance.now() - began) / 1_000;
    const ended = await stage.run(list.id);
    if (ended.retired !== size || (await stage.redis.xlen(dlq)) !== 0)
      throw new Error(`only ${ended.retired} were retired`);
    const ratio = bareSeconds / seconds;
    const faster = handEach / (seconds / size);
    return {
      entries: [
        {
          bench: "streams",
          figure: `redrive of ${size} letters: added, confirmed by row, recorded, retired`,
          value: size / seconds,
          unit: "/s",
          against: `bare pipelined XADD and batched SELECT: ${Math.round(size / bareSeconds)}/s`,
          ratio,
          goal: "ratio >= 0.3",
          pass: ratio >= 0.3,
        },
        {
          bench: "streams",
          figure: "redrive against a shell's loop of XRANGE, XADD, XDEL",
          value: size / seconds,
          unit: "/s",
          against: `the loop: ${Math.round(1 / handEach)}/s, on ${sample}`,
          ratio: faster,
          goal: "ratio >= 50",
          pass: faster >= 50,
        },
      ],
      notes: [
        { figure: `listing, keeping and classifying ${size} letters`, value: size / listSeconds, unit: "/s" },
        { figure: "from the click to the last letter retired", value: seconds, unit: "s" },
      ],
    };
  } finally {
    ingester.kill("SIGKILL");
    await stage.close();
    await Promise.all([postgres.dispose(), redis.dispose()]);
    rmSync(folder, { recursive: true, force: true });
  }
}
