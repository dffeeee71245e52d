import { spawnSync } from "node:child_process";
import { Redis } from "ioredis";
import type { Engine } from "@/sandbox/engines/engine";
import { engineProcess } from "@/sandbox/engines/engine-process";
import { freePort } from "@/sandbox/engines/free-port";
import { givenEngine } from "@/sandbox/engines/given-engine";
import { findRedisBinary, type RedisBinary } from "@/sandbox/engines/redis-binary";
import { scratchFolder } from "@/sandbox/engines/scratch-folder";

async function probe(port: number): Promise<void> {
  const client = new Redis(port, "127.0.0.1", { lazyConnect: true, retryStrategy: null, connectTimeout: 2_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.ping();
  } finally {
    client.disconnect();
  }
}

let known: RedisBinary | null | undefined;

const dockerAnswers = () => spawnSync("docker", ["info"], { stdio: "ignore", timeout: 10_000 }).status === 0;

/**
 * A Redis for demo, tests and benches: SANDBOX_REDIS_URL when given, else a binary found by the chain of
 * redis-binary.ts, else a container. The append-only file keeps its data over stop, kill and start.
 */
export async function startRedis(): Promise<Engine> {
  const given = process.env.SANDBOX_REDIS_URL;
  if (given !== undefined && given !== "") return givenEngine(given, 6379);

  known = known === undefined ? findRedisBinary() : known;
  const port = await freePort();
  const scratch = scratchFolder("redis", null);
  const settings = ["--save", "", "--appendonly", "yes", "--appendfsync", "no", "--loglevel", "warning"];
  const steady = [...settings, "--auto-aof-rewrite-percentage", "0", "--maxmemory-policy", "noeviction"];
  const container = ["run", "--rm", "--network=host", "-v", `${scratch.path}:/data`, "redis:7-alpine", "redis-server"];
  if (known === null && !dockerAnswers()) {
    scratch.remove();
    throw new Error(
      "No Redis can be run here: install one (Debian: apt-get install redis-server; macOS: brew install redis), or set SANDBOX_REDIS_URL.",
    );
  }
  const dir = known === null ? "/data" : scratch.path;
  const serverArgs = ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir, ...steady];
  const server = engineProcess({
    label: "Redis",
    command: known?.command ?? "docker",
    args: known === null ? [...container, ...serverArgs] : serverArgs,
    env: known?.env ?? process.env,
    cwd: "/",
    user: null,
    stopSignal: "SIGTERM",
    probe: () => probe(port),
  });
  await server.start();
  return {
    url: `redis://127.0.0.1:${port}`,
    ...server,
    async dispose() {
      await server.stop();
      scratch.remove();
    },
  };
}
