import type { z } from "zod";
import type { Deployment } from "@/server/caracal/deployment";
import { readDeadLetter } from "@/server/caracal/streams/dead-letter";
import { readEntries, type RawEntry } from "@/server/caracal/streams/entries";
import { isDeadLetterStream } from "@/server/caracal/streams/expected-streams";
import { pipelined } from "@/server/caracal/streams/redis-pipeline";
import { streamIdTime } from "@/server/caracal/streams/stream-id";
import { DomainError } from "@/server/platform/errors";
import { askRedis } from "@/server/streams/ask-redis";
import type { DeadLetter, DeadLetterPage, deadLettersInput } from "@/server/streams/schemas";
import { showFields } from "@/server/streams/show-fields";

type Input = { ctx: { caracal: Deployment }; input: z.output<typeof deadLettersInput> };

const countedAtMost = 500;
const pagesPerCall = 5;

/**
 * One page of dead letters, newest first, and the causes of the newest 500: security signals apart from faults (trap 11).
 * With a cause, at most 2,500 entries are searched per call; `next` goes on from there even when the page is not full.
 */
export async function listDeadLetters({ ctx, input }: Input): Promise<DeadLetterPage> {
  const { stream, limit, cause } = input;
  if (!isDeadLetterStream(stream)) throw new DomainError("bad_input", "That stream holds no dead letters.");
  const { redis } = ctx.caracal;
  return askRedis(async () => {
    const newest = await readEntries(redis, { stream, after: null, direction: "newest", limit: countedAtMost });
    const [length] = await pipelined(redis, [["XLEN", stream]], () => undefined);
    if (length === undefined || !length.ok) throw length?.error ?? new Error("Redis gave no reply");
    const entries: DeadLetter[] = [];
    let after = input.from ?? null;
    let next: string | null = null;
    for (let page = 0; page < pagesPerCall; page++) {
      const raw = await readEntries(redis, {
        stream,
        after,
        direction: "newest",
        limit: cause ? countedAtMost : limit,
      });
      const asked = cause ? countedAtMost : limit;
      let last: string | null = null;
      for (const letter of raw.map(toDeadLetter)) {
        if (entries.length === limit) break;
        last = letter.id;
        if (cause === undefined || groupOf(letter) === cause) entries.push(letter);
      }
      const more = raw.length === asked || last !== raw.at(-1)?.id;
      next = more && last !== null && raw.length > 0 ? last : null;
      after = last;
      if (next === null || entries.length === limit || cause === undefined) break;
    }
    return { entries, next, causes: groupCauses(newest), counted: newest.length, length: Number(length.value) };
  });
}

/** What a letter is grouped by: a security signal by its event type, a fault by its reason's cause. */
const groupOf = (letter: Pick<DeadLetter, "kind" | "cause" | "eventType">): string =>
  letter.kind === "security-signal" ? (letter.eventType ?? letter.cause) : letter.cause;

function toDeadLetter(entry: RawEntry): DeadLetter {
  const { mandate: _mandate, ...reading } = readDeadLetter(entry);
  return { id: entry.id, at: streamIdTime(entry.id) ?? 0, ...reading, fields: showFields(entry.fields) };
}

function groupCauses(entries: readonly RawEntry[]): DeadLetterPage["causes"] {
  const groups = new Map<string, { cause: string; kind: DeadLetter["kind"]; count: number }>();
  for (const reading of entries.map(readDeadLetter)) {
    const cause = groupOf(reading);
    const key = `${reading.kind} ${cause}`;
    const group = groups.get(key) ?? { cause, kind: reading.kind, count: 0 };
    groups.set(key, { ...group, count: group.count + 1 });
  }
  const rank = (kind: DeadLetter["kind"]) => (kind === "security-signal" ? 0 : 1);
  return [...groups.values()].sort((a, b) => rank(a.kind) - rank(b.kind) || b.count - a.count);
}
