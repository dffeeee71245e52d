import { setTimeout as pause } from "node:timers/promises";
import { followPages } from "@/server/notifications/follow-pages";
import { giveUpUnconfigured } from "@/server/notifications/give-up-unconfigured";
import { planNotices } from "@/server/notifications/plan-notices";
import { sendDue } from "@/server/notifications/send-due";
import { messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import type { Database } from "@/server/platform/postgres";
import type { Settings } from "@/server/platform/settings";

export type Notifier = { start(): void; stop(): Promise<void> };
type Options = { readonly db: Database; readonly settings: Settings; readonly timeoutMs?: number };

const idleMs = 1_000;
const afterFailureMs = 3_000;

/** Does `work` for ever: at once again while it says there is more, a second later when not, later still after a failure. */
function supervise(what: string, work: () => Promise<boolean>): () => Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const wait = (ms: number) => pause(ms, undefined, { signal }).catch(() => undefined); // stopping ends the wait
  const loop = async () => {
    while (!signal.aborted) {
      try {
        if (!(await work())) await wait(idleMs);
      } catch (error) {
        log.debug({ what, reason: messageOf(error) }, "notifications wait");
        await wait(afterFailureMs);
      }
    }
  };
  const ended = loop();
  return () => {
    stopping.abort();
    return ended;
  };
}

/**
 * The outbox at work in this process: one planner, and one sender per channel, so that a receiver that hangs holds up nobody
 * else. Any number of processes may run it over one database. Never throws; goes on by itself when the database is back.
 */
export function createNotifier({ db, settings, timeoutMs = 10_000 }: Options): Notifier {
  const channels = settings.NOTIFY_CHANNELS;
  const names = channels.map(({ name }) => name);
  let stops: (() => Promise<void>)[] = [];
  return {
    start() {
      if (stops.length > 0) return;
      stops = [
        supervise("plan", async () => {
          await followPages(db);
          await giveUpUnconfigured(db, names);
          return (await planNotices({ db, settings })) > 0;
        }),
        ...channels.map((channel) =>
          supervise(channel.name, async () => (await sendDue({ db, settings, timeoutMs }, channel)) > 0),
        ),
      ];
    },
    async stop() {
      const running = stops;
      stops = [];
      await Promise.all(running.map((stop) => stop()));
    },
  };
}
