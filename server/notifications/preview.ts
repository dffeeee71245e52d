import type { z } from "zod";
import { channelViews } from "@/server/notifications/channel-views";
import { lineOf } from "@/server/notifications/message";
import { standingWindows } from "@/server/notifications/maintenance-windows";
import { planDeliveries } from "@/server/notifications/plan-deliveries";
import { readRules } from "@/server/notifications/rules";
import type { NotificationPreview, previewInput } from "@/server/notifications/schemas";
import type { Database } from "@/server/platform/postgres";
import type { Settings } from "@/server/platform/settings";

type Input = { ctx: { db: Database; settings: Settings }; input: z.output<typeof previewInput> };

/** Who would be told of an incident declared now, by the same function that plans it. */
export async function previewNotifications({ ctx, input }: Input): Promise<NotificationPreview> {
  const [clock] = await ctx.db.query<{ now: Date }>("SELECT now()");
  const now = clock?.now ?? new Date();
  const { rules, revision } = await readRules(ctx.db);
  const windows = await standingWindows(ctx.db);
  const plans = planDeliveries({
    kind: "incident-declared",
    severity: input.severity,
    tags: input.tags,
    rules,
    channels: channelViews(ctx.settings),
    windows,
    now,
    paged: [],
  });
  return {
    at: now.toISOString(),
    revision,
    message: lineOf({
      severity: input.severity,
      incident: { number: 14, restricted: input.restricted, drill: false },
      sentence: "what happened, in one line",
      step: 1,
    }),
    tiers: plans.map(({ tier, why, deliveries }) => ({
      tier,
      why,
      steps: deliveries.map(({ step, channel, kind, afterMinutes, repeat, suppressed, problem }) => ({
        step,
        channel,
        kind,
        afterMinutes,
        repeat,
        suppressed,
        problem,
      })),
    })),
    windows: windows.filter(({ state }) => state === "in-force"),
  };
}
