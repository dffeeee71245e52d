import { setTimeout as pause } from "node:timers/promises";
import { messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";

export type Repeating = { start(): void; stop(): Promise<void> };

/**
 * Does `work` again and again with a pause between, or at once again when it gives `true`: there is more. A failure is logged and the
 * next turn comes all the same. Stopping ends a pause and waits for a turn.
 */
export function repeat(what: string, everyMs: number, work: () => Promise<unknown>): Repeating {
  let stopping: AbortController | null = null;
  let ended: Promise<void> = Promise.resolve();
  const loop = async (signal: AbortSignal) => {
    while (!signal.aborted) {
      let more: unknown = false;
      try {
        more = await work();
      } catch (error) {
        log.debug({ what, reason: messageOf(error) }, "a turn failed");
      }
      if (more !== true) await pause(everyMs, undefined, { signal }).catch(() => undefined); // stopping ends the pause
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
