import { setTimeout as pause } from "node:timers/promises";
import { messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";

export type Repeating = { start(): void; stop(): Promise<void> };

/** Does `work` again and again with a pause between; a failure is logged and the next turn comes all the same. Stopping waits for the turn. */
export function repeat(what: string, everyMs: number, work: () => Promise<void>): Repeating {
  let stopping: AbortController | null = null;
  let ended: Promise<void> = Promise.resolve();
  const loop = async (signal: AbortSignal) => {
    while (!signal.aborted) {
      try {
        await work();
      } catch (error) {
        log.debug({ what, reason: messageOf(error) }, "a turn failed");
      }
      await pause(everyMs, undefined, { signal }).catch(() => undefined); // stopping ends the pause
    }
  };
  return {
    start() {
      if (stopping !== null) return;
      stopping = new AbortController();
      ended = loop(stopping.signal);
    },
    stop() {
      stopping?.abort();
      stopping = null;
      return ended;
    },
  };
}
