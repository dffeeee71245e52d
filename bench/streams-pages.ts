import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { startRedis } from "@/sandbox/engines/redis";
import { type LiveStage, openLiveStage } from "./live-stage";
import { openHttpViewer, type Viewer } from "./live-viewers";
import type { BenchEntry, BenchPart } from "./result";

const sizes = [1_000, 100_000, 1_000_000] as const;
const pendingAtMost = 100_000;
const consumersAtMost = 1_000;
const crowd = 199; // and the page in a browser
const rounds = 60; // of each page at each size
const turns = 3;
const probeMs = 15_000;
const probePauseMs = 1;
const forward = -15; // nice
const stream = "caracal.sessions.revoke";
const group = "sts-bench"; // nobody of the stand-in reads it

const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
};

/** A stream of `entries`, a tenth of them (at most 100,000) pending over a hundredth as many consumers (at most 1,000). */
async function fill(redis: Redis, entries: number): Promise<void> {
  await redis.xgroup("CREATE", stream, group, "0", "MKSTREAM").catch(() => undefined);
  const held = await redis.xlen(stream);
  for (let done = held; done < entries; done += 5_000) {
    const pipe = redis.pipeline();
    for (let nth = done; nth < Math.min(done + 5_000, entries); nth += 1)
      pipe.xadd(stream, "*", "zone_id", "z", "session_id", `bench-${nth}`, "reason", "bench");
    await pipe.exec();
  }
  const pending = Math.min(pendingAtMost, entries / 10);
  const consumers = Math.min(consumersAtMost, Math.max(10, pending / 100));
  const pipe = redis.pipeline();
  for (let nth = 0; nth < consumers; nth += 1)
    pipe.xreadgroup(
      "GROUP",
      group,
      `sts-host-${nth}-bench`,
      "COUNT",
      Math.ceil(pending / consumers),
      "STREAMS",
      stream,
      ">",
    );
  await pipe.exec();
}

type Group = { name: string; pending: number; lag: number | null };

async function otherGroups(redis: Redis): Promise<Group[]> {
  const groups = (await redis.xinfo("GROUPS", stream)) as unknown[][];
  const value = (fields: unknown[], name: string) => fields[fields.indexOf(name) + 1];
  return groups
    .map((fields) => ({
      name: String(value(fields, "name")),
      pending: Number(value(fields, "pending")),
      lag: value(fields, "lag") as number | null,
    }))
    .filter(({ name }) => name !== group);
}

/** Moves the stand-in's own consumers to the end and waits until they have nothing in hand: what they would read is not what is measured. */
async function letOthersRest(redis: Redis): Promise<void> {
  const told = (await redis.xinfo("STREAM", stream)) as unknown[];
  const added = Number(told[told.indexOf("entries-added") + 1]);
  for (const { name } of await otherGroups(redis)) await redis.xgroup("SETID", stream, name, "$", "ENTRIESREAD", added);
  while ((await otherGroups(redis)).some(({ pending, lag }) => pending > 0 || (lag ?? 0) > 0)) await delay(100);
}

const pages: Readonly<Record<string, { readonly path: string; readonly input: () => unknown }>> = {
  "overview (the snapshot)": { path: "system.snapshot", input: () => undefined },
  "page of entries": {
    path: "streams.entries",
    input: () => ({ stream, direction: "oldest", from: `${Date.now() - 1_000}-1`, limit: 50 }),
  },
  "page of the newest entries": { path: "streams.entries", input: () => ({ stream, direction: "newest", limit: 50 }) },
  "page of pending entries with verdicts": { path: "streams.pending", input: () => ({ stream, group, limit: 50 }) },
  "consumers of a group": { path: "streams.consumers", input: () => ({ stream, group }) },
};

async function ask(stage: LiveStage, path: string, input: unknown): Promise<number> {
  const query = input === undefined ? "" : `?input=${encodeURIComponent(JSON.stringify({ json: input }))}`;
  const began = performance.now();
  const answer = await fetch(`${stage.url}/api/trpc/${path}${query}`, { headers: { cookie: stage.cookie } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path} answers ${answer.status}: ${text.slice(0, 200)}`);
  return performance.now() - began;
}

/**
 * Lets a Redis go before the console and all else on this machine, as on a machine of its own: what is asked is how busy Redis is kept,
 * not how busy two cores are. Gives the nice value for the other client; 0, and Redis as it was, where that takes more rights.
 */
async function putForward(redis: Redis): Promise<number> {
  const pid = Number(/^process_id:(\d+)/m.exec(await redis.info("server"))?.[1]);
  try {
    setPriority(pid, forward);
    return forward;
  } catch {
    return 0;
  }
}

type Answers = { readonly caracal: readonly number[]; readonly bystander: readonly number[] };

/** How long another client, a process of its own, waits for a small command of each Redis, one after another. Milliseconds. */
async function otherClient(
  urls: { readonly caracal: string; readonly bystander: string },
  nice: number,
): Promise<Answers> {
  const script = fileURLToPath(new URL("./other-client.ts", import.meta.url));
  const given = [probeMs, probePauseMs, nice].map(String);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "tsx", script, ...given, urls.caracal, urls.bystander],
    { maxBuffer: 16_777_216 },
  );
  const [caracal = [], bystander = []] = JSON.parse(stdout) as number[][];
  return { caracal, bystander };
}

/** `crowd` people: each with the live link, each looking at a page of its own kind every few seconds. */
async function withCrowd<T>(stage: LiveStage, work: () => Promise<T>): Promise<T> {
  const viewers: Viewer[] = [];
  while (viewers.length < crowd) {
    // a few at a time: what a crowd that arrives in one instant is answered is not the question here
    const some = Array.from({ length: Math.min(20, crowd - viewers.length) }, () =>
      openHttpViewer({ url: stage.url, cookie: stage.cookie, stream }),
    );
    viewers.push(...(await Promise.all(some)));
  }
  const looking = new AbortController();
  const kinds = Object.values(pages).filter(({ path }) => path !== "system.snapshot");
  const looks = Array.from({ length: crowd }, async (_, nth) => {
    const page = kinds[nth % kinds.length];
    while (!looking.signal.aborted && page !== undefined) {
      await delay(5_000 * Math.random() + 2_500);
      await ask(stage, page.path, page.input()).catch(() => undefined);
    }
  });
  try {
    return await work();
  } finally {
    looking.abort();
    for (const viewer of viewers) viewer.close();
    await Promise.all(looks);
  }
}

/**
 * Whether another client of Caracal's Redis notices the crowd: its p99 against that of a Redis which nobody else uses, asked by the same
 * client in the same moments, since on a machine of two cores a busy console alone moves every p99. Alone and beside the crowd in turn.
 */
async function besideTheCrowd(stage: LiveStage): Promise<BenchPart> {
  const bystander = await startRedis();
  const idle = new Redis(bystander.url);
  try {
    const urls = {
      caracal: `redis://${stage.redis.options.host}:${stage.redis.options.port}`,
      bystander: bystander.url,
    };
    const nice = Math.max(await putForward(stage.redis), await putForward(idle));
    const alone: Answers[] = [];
    const crowded: Answers[] = [];
    for (let turn = 0; turn < turns; turn += 1) {
      console.log(`turn ${turn + 1} of ${turns}: another client alone, then beside ${crowd} viewers`);
      alone.push(await otherClient(urls, nice));
      crowded.push(await withCrowd(stage, () => otherClient(urls, nice)));
    }
    const p99 = (answers: readonly Answers[], of: keyof Answers) =>
      percentile(
        answers.flatMap((one) => one[of]),
        0.99,
      );
    const [theirs, peer] = [p99(crowded, "caracal"), p99(crowded, "bystander")];
    return {
      entries: [
        {
          bench: "streams",
          figure: `another client's p99 beside ${crowd} viewers${nice === 0 ? "" : ", it and Redis before all else on the machine"}`,
          value: theirs,
          unit: "ms",
          against: `${peer.toFixed(2)} ms, of a Redis that nobody uses, in the same moments`,
          ratio: theirs / peer,
          goal: "ratio <= 1.2",
          pass: theirs / peer <= 1.2,
        },
      ],
      notes: [
        {
          figure: "another client's p99 without viewers",
          value: p99(alone, "caracal"),
          unit: "ms",
          against: `${p99(alone, "bystander").toFixed(2)} ms, of a Redis that nobody uses`,
        },
      ],
    };
  } finally {
    idle.disconnect();
    await bystander.dispose();
  }
}

async function pagesAt(stage: LiveStage, size: number): Promise<BenchEntry[]> {
  console.log(`filling to ${size.toLocaleString("en")} entries`);
  await fill(stage.redis, size);
  await letOthersRest(stage.redis);
  const entries: BenchEntry[] = [];
  for (const [name, { path, input }] of Object.entries(pages)) {
    for (let warm = 0; warm < 5; warm += 1) await ask(stage, path, input());
    const took: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      took.push(await ask(stage, path, input()));
      await delay(20);
    }
    const p95 = percentile(took, 0.95);
    console.log(`${name}: p95 ${p95.toFixed(1)} ms`);
    entries.push({
      bench: "streams",
      figure: `${name}, p95 at ${size.toLocaleString("en")} entries`,
      value: p95,
      unit: "ms",
      against: null,
      ratio: null,
      goal: "value <= 100",
      pass: p95 <= 100,
    });
  }
  return entries;
}

/** What the Streams pages cost at 1,000, 100,000 and 1,000,000 entries, and whether another client notices 200 viewers of the largest. */
export async function streamPages(): Promise<BenchPart> {
  const stage = await openLiveStage();
  try {
    const entries: BenchEntry[] = [];
    for (const size of sizes) entries.push(...(await pagesAt(stage, size)));
    const crowded = await besideTheCrowd(stage);
    return { entries: [...entries, ...crowded.entries], notes: crowded.notes };
  } finally {
    await stage.close();
  }
}
