import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { freshRedis } from "@/sandbox/engines/test-databases";
import { openRedis } from "@/server/caracal/redis";
import { createReplayWatch, type ReplayWatch } from "@/server/live/replay-watch";

const stream = "caracal.audit.events.dlq";
let engine: Awaited<ReturnType<typeof freshRedis>>;
let redis: ReturnType<typeof openRedis>;
let watch: ReplayWatch;
beforeAll(async () => {
  engine = await freshRedis();
  redis = openRedis(engine.url);
  while (redis.status !== "ready") await new Promise((resolve) => setTimeout(resolve, 5));
});
beforeEach(async () => {
  await redis.del(stream);
  watch = createReplayWatch();
});
afterAll(async () => {
  redis?.disconnect();
  await engine?.drop();
});

/** Letters of faults, and among them, at these places, of replayed mandates. Gives the ids of the latter. */
async function add(letters: number, replays: Readonly<Record<number, string>> = {}): Promise<string[]> {
  const pipe = redis.pipeline();
  for (let at = 0; at < letters; at += 1) {
    const jti = replays[at];
    const event =
      jti === undefined
        ? { id: `e${at}`, event_type: "token_exchange" }
        : { id: `r${at}`, event_type: "replay_detected", metadata_json: { jti, client_id: "agent-7" } };
    pipe.xadd(stream, "*", "reason", "hmac_verify_failed", "src_data", JSON.stringify(event));
  }
  const ids = ((await pipe.exec()) ?? []).map(([, id]) => String(id));
  return Object.keys(replays).map((at) => ids[Number(at)] ?? "");
}
/** One look as the collector takes it: what it found, and what it cost. */
async function look() {
  const [length, [first], [last]] = await Promise.all([
    redis.xlen(stream),
    redis.xrange(stream, "-", "+", "COUNT", 1),
    redis.xrevrange(stream, "+", "-", "COUNT", 1),
  ]);
  let commands = 0;
  const place = { name: stream, length, firstId: first?.[0] ?? null, lastId: last?.[0] ?? null };
  const { replays, searched } = await watch.follow(redis, place, (sent) => {
    commands += sent;
  });
  return { jtis: replays.map(({ jti }) => jti), searched, commands };
}

test("one behind thousands of newer letters is found, a page a look; then nothing is asked until something comes", async () => {
  await add(2_600, { 3: "the-old-one" });
  const first = await look();
  expect(first).toEqual({ jtis: [], searched: 500, commands: 1 });
  let looks = 1;
  for (let seen = first; seen.searched < 2_600 && looks < 20; looks += 1) {
    seen = await look();
    expect(seen.commands).toBeLessThanOrEqual(2);
  }
  expect(looks).toBe(6);
  expect(await look()).toEqual({ jtis: ["the-old-one"], searched: 2_600, commands: 0 });
});

test("one that a burst buries before the next look is found all the same", async () => {
  await add(10);
  await look();
  await add(1_400, { 2: "buried" });
  const found: (string | null)[][] = [];
  for (let turn = 0; turn < 4; turn += 1) found.push((await look()).jtis);
  expect(found.at(-1)).toEqual(["buried"]);
});

test("one whose letter was redriven, discarded or trimmed is none any more", async () => {
  const [id = ""] = await add(20, { 5: "gone-soon", 9: "stays" });
  expect((await look()).jtis).toEqual(["stays", "gone-soon"]);
  await redis.xdel(stream, id);
  expect((await look()).jtis).toEqual(["stays"]);
});

test("more than are kept: the newest; when those go, the older ones are found again", async () => {
  const all = Object.fromEntries(Array.from({ length: 130 }, (_, at) => [at, `jti-${at}`]));
  const ids = await add(130, all);
  expect((await look()).jtis.slice(0, 2)).toEqual(["jti-129", "jti-128"]);
  await redis.xdel(stream, ...ids.slice(30));
  const { jtis } = await look();
  expect(jtis).toHaveLength(30);
  expect(jtis[0]).toBe("jti-29");
});

test("a stream that was deleted and made anew is read from its newest letter", async () => {
  await add(5, { 1: "before" });
  await look();
  await redis.del(stream);
  await redis.xadd(
    stream,
    "1-1",
    "reason",
    "x",
    "src_data",
    JSON.stringify({ event_type: "replay_detected", metadata_json: { jti: "after" } }),
  );
  expect((await look()).jtis).toEqual(["after"]);
});
