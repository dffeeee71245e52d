import { repeat, type Repeating } from "@/server/jobs/repeat";
import { followPages } from "@/server/notifications/follow-pages";
import { giveUpUnconfigured } from "@/server/notifications/give-up-unconfigured";
import { planNotices } from "@/server/notifications/plan-notices";
import { sendDue } from "@/server/notifications/send-due";
import type { Database } from "@/server/platform/postgres";
import type { Settings } from "@/server/platform/settings";

type Options = { readonly db: Database; readonly settings: Settings; readonly timeoutMs?: number };

const idleMs = 1_000;

/**
 * The outbox at work in this process: one planner, and one sender per channel, so that a receiver that hangs holds up nobody
 * else. Any number of processes may run it over one database. Never throws; goes on by itself when the database is back.
 */
export function createNotifier({ db, settings, timeoutMs = 10_000 }: Options): Repeating {
  const channels = settings.NOTIFY_CHANNELS;
  const names = channels.map(({ name }) => name);
  const parts = [
    repeat("notifications: plan", idleMs, async () => {
      await followPages(db);
      await giveUpUnconfigured(db, names);
      return (await planNotices({ db, settings })) > 0;
    }),
    ...channels.map((channel) =>
      repeat(
        `notifications: ${channel.name}`,
        idleMs,
        async () => (await sendDue({ db, settings, timeoutMs }, channel)) > 0,
      ),
    ),
  ];
  return {
    start() {
      for (const part of parts) part.start();
    },
    async stop() {
      await Promise.all(parts.map((part) => part.stop()));
    },
  };
}
