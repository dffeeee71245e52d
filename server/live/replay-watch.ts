import type { Redis } from "ioredis";
import { readDeadLetter } from "@/server/caracal/streams/dead-letter";
import { readEntries, readEntriesById, type RawEntry } from "@/server/caracal/streams/entries";
import type { CountCommands } from "@/server/caracal/streams/redis-pipeline";
import { compareStreamIds, streamIdTime } from "@/server/caracal/streams/stream-id";
import type { ReplaysFound } from "@/server/detection/facts";
import type { StreamState } from "@/server/live/snapshot";

type Place = Pick<StreamState, "name" | "length" | "firstId" | "lastId">;
type Replay = ReplaysFound["replays"][number] & { readonly id: string };

const pageSize = 500;
const maxKept = 100;

export type ReplayWatch = {
  /** Reads on where it was: at most a page of what came since, a page of what is older, and the letters it keeps. */
  follow(redis: Redis, stream: Place, count: CountCommands): Promise<ReplaysFound>;
};

/**
 * Looks for replayed mandates among all dead letters of a stream (trap 11), a page at a time: from the newest on as they come, and back to
 * the oldest one. Keeps the newest 100, as long as their letters are there. When one of those goes while older ones were let go, the way
 * back is gone again.
 */
export function createReplayWatch(): ReplayWatch {
  let newest: string | null = null; // read up to here
  let oldest: string | null = null; // and back to here; null: to the beginning
  let searched = 0;
  let letGo = false;
  let kept: readonly Replay[] = []; // newest first
  let mark = "";

  function startOver(): void {
    newest = null;
    oldest = null;
    searched = 0;
    letGo = false;
    kept = [];
  }

  function take(entries: readonly RawEntry[]): void {
    searched += entries.length;
    const found = entries.flatMap((entry): Replay[] => {
      const { mandate } = readDeadLetter(entry);
      return mandate === null ? [] : [{ ...mandate, id: entry.id, at: streamIdTime(entry.id) ?? 0 }];
    });
    const all = [...kept, ...found].sort((a, b) => compareStreamIds(b.id, a.id));
    letGo ||= all.length > maxKept;
    kept = all.slice(0, maxKept);
  }

  /** Forgets replays whose letters were redriven, discarded or trimmed. */
  async function dropGone(redis: Redis, stream: string, count: CountCommands): Promise<void> {
    if (kept.length === 0) return;
    const ids = kept.map(({ id }) => id);
    const there = await readEntriesById(redis, stream, ids, count);
    if (there.size === ids.length) return;
    if (letGo) startOver();
    else kept = kept.filter(({ id }) => there.has(id));
  }

  return {
    async follow(redis, { name: stream, length, firstId, lastId }, count) {
      if (newest !== null && compareStreamIds(lastId ?? "0-0", newest) < 0) startOver(); // it was made anew
      const now = `${length} ${firstId} ${lastId}`;
      if (now !== mark) await dropGone(redis, stream, count);
      if (newest === null) {
        const page = await readEntries(redis, { stream, after: null, direction: "newest", limit: pageSize }, count);
        take(page);
        newest = page[0]?.id ?? null;
        oldest = page.length < pageSize ? null : (page.at(-1)?.id ?? null);
      } else {
        if (lastId !== null && compareStreamIds(lastId, newest) > 0) {
          const page = await readEntries(redis, { stream, after: newest, direction: "oldest", limit: pageSize }, count);
          take(page);
          newest = page.at(-1)?.id ?? lastId;
        }
        if (oldest !== null) {
          const page = await readEntries(redis, { stream, after: oldest, direction: "newest", limit: pageSize }, count);
          take(page);
          oldest = page.length < pageSize ? null : (page.at(-1)?.id ?? null);
        }
      }
      mark = now;
      const all = oldest === null && (newest === null || newest === lastId);
      return {
        replays: kept.map(({ id: _, ...replay }) => replay),
        searched: all ? length : Math.min(searched, length),
      };
    },
  };
}
