import { setPriority } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";

/** In a process of its own, so that what the bench is busy with delays nothing here: how long Redis takes to answer, as JSON in ms. */
const [, , url = "", ms = "", pauseMs = "", nice = "0"] = process.argv;
setPriority(Number(nice));
const redis = new Redis(url);
const took: number[] = [];
await redis.ping();
const until = Date.now() + Number(ms);
while (Date.now() < until) {
  const began = performance.now();
  await redis.get("bench:nothing");
  took.push(performance.now() - began);
  await delay(Number(pauseMs));
}
redis.disconnect();
process.stdout.write(JSON.stringify(took));
