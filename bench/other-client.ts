import { setPriority } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";

/**
 * In a process of its own, so that what the bench is busy with delays nothing here: how long each of some servers of Redis takes to
 * answer, asked in turn so that all meet the same moments of the machine. Prints a list per server as JSON, in milliseconds.
 */
const [, , ms = "", pauseMs = "", nice = "0", ...urls] = process.argv;
setPriority(Number(nice));
const servers = urls.map((url) => ({ redis: new Redis(url), took: [] as number[] }));
await Promise.all(servers.map(({ redis }) => redis.ping()));
const until = Date.now() + Number(ms);
while (Date.now() < until)
  for (const { redis, took } of servers) {
    const began = performance.now();
    await redis.get("bench:nothing");
    took.push(performance.now() - began);
    await delay(Number(pauseMs));
  }
for (const { redis } of servers) redis.disconnect();
process.stdout.write(JSON.stringify(servers.map(({ took }) => took)));
