import type { Redis } from "ioredis";
import { checkStreamSignature } from "@/server/caracal/stream-signature";
import { readEntries } from "@/server/caracal/streams/entries";
import type { CountCommands } from "@/server/caracal/streams/redis-pipeline";
import { compareStreamIds } from "@/server/caracal/streams/stream-id";
import type { BadSignature, SignatureCheck } from "@/server/detection/facts";
import type { StreamState } from "@/server/live/snapshot";

const pageSize = 500;
const maxKept = 50;

export type SignatureWatch = {
  readonly stream: string;
  /** Checks what came since the last call, at most 500 entries a call. Without a key nothing is judged. */
  follow(redis: Redis, state: StreamState, count: CountCommands): Promise<SignatureCheck>;
};

/** Follows one signed stream from its newest 500 entries on, and keeps the entries whose `_sig` does not hold. */
export function createSignatureWatch(stream: string, key: Buffer | null): SignatureWatch {
  let position: string | null = null;
  let checked = 0;
  let bad = 0;
  let kept: readonly BadSignature[] = [];
  return {
    stream,
    async follow(redis, state, count) {
      const remade = position !== null && compareStreamIds(state.lastId ?? "0-0", position) < 0;
      if (remade) position = null;
      if (key !== null && state.lastId !== null && state.length > 0 && state.lastId !== position) {
        const first = position === null;
        const range = { stream, after: position, direction: first ? "newest" : "oldest", limit: pageSize } as const;
        const entries = await readEntries(redis, range, count);
        if (first) entries.reverse();
        for (const { id, fields } of entries) {
          const verdict = checkStreamSignature(key, stream, fields);
          checked += 1;
          if (verdict === "valid") continue;
          bad += 1;
          const { zone_id: zoneId = null, session_id: sessionId = null } = fields;
          kept = [{ stream, id, problem: verdict, zoneId, sessionId }, ...kept].slice(0, maxKept);
        }
        position = entries.at(-1)?.id ?? state.lastId;
      }
      const { firstId } = state;
      kept = firstId === null ? [] : kept.filter(({ id }) => compareStreamIds(id, firstId) >= 0);
      return { stream, checked, bad, kept };
    },
  };
}
