import type { Redis } from "ioredis";
import { createStreamDiscovery } from "@/server/caracal/streams/discovery";
import { readDeadLetter } from "@/server/caracal/streams/dead-letter";
import { readEntries, readEntriesById, type RawEntry } from "@/server/caracal/streams/entries";
import {
  isDeadLetterStream,
  keysStream,
  policyStream,
  revocationStream,
} from "@/server/caracal/streams/expected-streams";
import { diagnosePending } from "@/server/caracal/streams/pending-diagnosis";
import { readStreams } from "@/server/caracal/streams/read-streams";
import { type CountCommands, pipelined } from "@/server/caracal/streams/redis-pipeline";
import { createStreamMemory } from "@/server/caracal/streams/stream-memory";
import type { DeadLetterSample, PoisonEntry, SignatureCheck } from "@/server/detection/facts";
import { createReplayWatch, type ReplayWatch } from "@/server/live/replay-watch";
import { createSignatureWatch } from "@/server/live/signature-watch";
import type { StreamState } from "@/server/live/snapshot";

export type RedisLook = {
  readonly streams: readonly StreamState[];
  readonly evictionPolicy: string | null;
  readonly deadLetters: readonly DeadLetterSample[];
  readonly poison: readonly PoisonEntry[];
  readonly signatures: readonly SignatureCheck[];
};

const sampleSize = 100;
const policyEveryMs = 30_000;
const maxRemembered = 200;

/**
 * Looks at everything in Redis that the console follows, in a handful of bounded round trips: streams and groups each
 * time; dead letters, signatures and stuck entries only where something moved. Remembers where it was.
 */
export function createRedisLook(options: {
  readonly redis: Redis;
  readonly streamsKey: Buffer | null;
  readonly count: CountCommands;
}): (now: number) => Promise<RedisLook> {
  const { redis, count } = options;
  const discovery = createStreamDiscovery();
  const memory = createStreamMemory();
  const watches = [revocationStream, policyStream, keysStream].map((stream) =>
    createSignatureWatch(stream, options.streamsKey),
  );
  const deadLetters = new Map<string, { mark: string; sample: Sample; replays: ReplayWatch }>();
  const pendingFields = new Map<string, RawEntry | null>();
  let policy: { at: number; value: string | null } | null = null;

  async function evictionPolicy(now: number): Promise<string | null> {
    if (policy !== null && now - policy.at < policyEveryMs) return policy.value;
    const [reply] = await pipelined(redis, [["INFO", "memory"]], count);
    const text = reply?.ok ? String(reply.value) : "";
    policy = { at: now, value: /^maxmemory_policy:(\S+)/m.exec(text)?.[1] ?? null };
    return policy.value;
  }

  async function sampleDeadLetters(streams: readonly StreamState[]): Promise<readonly DeadLetterSample[]> {
    const samples: DeadLetterSample[] = [];
    for (const stream of streams.filter(({ name, length }) => isDeadLetterStream(name) && length > 0)) {
      const mark = `${stream.length} ${stream.lastId}`;
      let known = deadLetters.get(stream.name);
      if (known?.mark !== mark) {
        const range = { stream: stream.name, after: null, direction: "newest", limit: sampleSize } as const;
        const sample = summarise(stream.name, await readEntries(redis, range, count));
        known = { mark, sample, replays: known?.replays ?? createReplayWatch() };
        deadLetters.set(stream.name, known);
      }
      samples.push({ ...known.sample, length: stream.length, ...(await known.replays.follow(redis, stream, count)) });
    }
    return samples;
  }

  async function findPoison(streams: readonly StreamState[]): Promise<readonly PoisonEntry[]> {
    const poison: PoisonEntry[] = [];
    if (pendingFields.size > maxRemembered) pendingFields.clear();
    for (const { name, groups } of streams) {
      const old = groups.flatMap((group) =>
        group.pendingSample.filter(({ idleMs }) => idleMs >= 30_000).map((entry) => ({ ...entry, group: group.group })),
      );
      const unknown = [...new Set(old.map(({ id }) => id))].filter((id) => !pendingFields.has(`${name} ${id}`));
      const found = unknown.length === 0 ? null : await readEntriesById(redis, name, unknown, count);
      for (const id of unknown) pendingFields.set(`${name} ${id}`, found?.get(id) ?? null);
      for (const entry of old) {
        const fields = pendingFields.get(`${name} ${entry.id}`)?.fields ?? null;
        const reason = diagnosePending(name, entry.group, entry, fields);
        if (reason !== null) poison.push({ stream: name, ...entry, reason });
      }
    }
    return poison;
  }

  return async (now) => {
    await discovery.step(redis, now, count);
    const { streams, gone } = await readStreams(redis, discovery.names(), memory, now, count);
    for (const name of gone) discovery.forget(name);
    const present = streams.filter(({ length }) => length > 0).map(({ name }) => name);
    await memory.sizes.step(redis, present, now, count);
    const signatures: SignatureCheck[] = [];
    for (const watch of watches) {
      const stream = streams.find(({ name }) => name === watch.stream);
      if (stream !== undefined) signatures.push(await watch.follow(redis, stream, count));
    }
    return {
      streams,
      signatures,
      evictionPolicy: await evictionPolicy(now),
      deadLetters: await sampleDeadLetters(streams),
      poison: await findPoison(streams),
    };
  };
}

type Sample = Pick<DeadLetterSample, "stream" | "sampled" | "securitySignals" | "causes">;

function summarise(stream: string, entries: readonly RawEntry[]): Sample {
  const causes: Record<string, number> = {};
  let securitySignals = 0;
  for (const entry of entries) {
    const { cause, mandate } = readDeadLetter(entry);
    const name = mandate === null ? cause : "replay_detected";
    causes[name] = (causes[name] ?? 0) + 1;
    if (mandate !== null) securitySignals += 1;
  }
  return { stream, sampled: entries.length, securitySignals, causes };
}
