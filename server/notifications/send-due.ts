import { setTimeout as pause } from "node:timers/promises";
import { messageFor, takeDue, type TakenDelivery } from "@/server/notifications/delivery-rows";
import { silencedBy, silenceWords, standingWindows } from "@/server/notifications/maintenance-windows";
import { type DeliveryEnd, recordEnd, recordRetry } from "@/server/notifications/record-delivery";
import { sendMessage } from "@/server/notifications/send-message";
import type { MaintenanceWindow } from "@/server/notifications/schemas";
import { messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import type { NotifyChannel } from "@/server/platform/notify-channels";
import type { Database } from "@/server/platform/postgres";
import type { Settings } from "@/server/platform/settings";

export type SenderContext = { readonly db: Database; readonly settings: Settings; readonly timeoutMs: number };

const atOnce = 4; // messages under way per channel and process
export const mostAttempts = 8;
const recordTries = 5; // within the lease: a database away for a moment must not cost a second message

/** Seconds until the next attempt: doubling from 5 s, at most 5 minutes, spread by half either way; more when asked for. */
export function backoffSeconds(attempts: number, askedFor: number | undefined, random: () => number): number {
  const usual = Math.min(300, 5 * 2 ** (attempts - 1)) * (0.5 + random());
  return Math.max(usual, Math.min(600, askedFor ?? 0));
}

/** Why a due message is not sent after all. */
function endBefore(row: TakenDelivery, windows: readonly MaintenanceWindow[]): DeliveryEnd | null {
  const opensPage = row.escalation || row.pages === "trigger";
  if (row.over && opensPage) return { state: "stopped", reason: "The incident was over before this was due." };
  if (row.acknowledged && row.escalation)
    return { state: "stopped", reason: "The incident was acknowledged before this was due." };
  if (row.attempts > mostAttempts)
    return { state: "failed", reason: "The console ended every time it was sending this." };
  const closesPage = row.pages === "acknowledge" || row.pages === "resolve";
  const window = closesPage ? null : silencedBy(windows, row, row.now);
  return window === null ? null : { state: "suppressed", reason: silenceWords(window) };
}

/** Records what happened, again and again for a while when the database does not answer. */
async function persist(record: () => Promise<unknown>, id: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await record();
      return;
    } catch (error) {
      if (attempt === recordTries) {
        log.warn({ delivery: id, reason: messageOf(error) }, "a delivery is not recorded and will be sent again");
        return;
      }
      await pause(500 * attempt);
    }
  }
}

async function deliver(
  ctx: SenderContext,
  channel: NotifyChannel,
  row: TakenDelivery,
  windows: readonly MaintenanceWindow[],
) {
  const { settings, db, timeoutMs } = ctx;
  const before = endBefore(row, windows);
  if (before !== null) return persist(() => recordEnd(db, row, before), row.id);
  const outcome = await sendMessage(channel, messageFor(row, settings.AUTH_URL), row.pages ?? "trigger", {
    allowHosts: settings.NOTIFY_ALLOW_HOSTS,
    deployment: settings.CARACAL_NAME,
    timeoutMs,
  });
  if (outcome.sent) return persist(() => recordEnd(db, row, { state: "sent", reason: null }), row.id);
  if (!outcome.again || row.attempts >= mostAttempts) {
    const reason = outcome.again ? `Given up after ${row.attempts} attempts: ${outcome.detail}` : outcome.detail;
    return persist(() => recordEnd(db, row, { state: "failed", reason }), row.id);
  }
  const seconds = backoffSeconds(row.attempts, outcome.afterSeconds, Math.random);
  return persist(() => recordRetry(db, row, outcome.detail, seconds), row.id);
}

/** Sends what is due on one channel, a few at a time; gives how many were taken. A channel that hangs holds up only itself. */
export async function sendDue(ctx: SenderContext, channel: NotifyChannel): Promise<number> {
  const rows = await takeDue(ctx.db, channel.name, atOnce);
  if (rows.length === 0) return 0;
  const windows = await standingWindows(ctx.db);
  await Promise.all(rows.map((row) => deliver(ctx, channel, row, windows)));
  return rows.length;
}
