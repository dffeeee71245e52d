import { addMaintenance, endMaintenance } from "@/server/notifications/change-maintenance";
import { channelViews } from "@/server/notifications/channel-views";
import { listDeliveries } from "@/server/notifications/list-deliveries";
import { listMaintenance } from "@/server/notifications/maintenance-windows";
import { previewNotifications } from "@/server/notifications/preview";
import { readRules, saveRules } from "@/server/notifications/rules";
import {
  addMaintenanceInput,
  deliveriesInput,
  endMaintenanceInput,
  previewInput,
  saveRulesInput,
  testChannelInput,
} from "@/server/notifications/schemas";
import { testChannel } from "@/server/notifications/test-channel";
import { procedure, router } from "@/server/trpc/procedures";
import type { TRPCContext } from "@/server/trpc/context";
import type { Actor } from "@/server/auth/roles";

const acting = ({ console: { db, settings }, actor }: Pick<TRPCContext, "console"> & { readonly actor: Actor }) => ({
  db,
  settings,
  actor,
});

export const notificationsRouter = router({
  rules: procedure.query(({ ctx }) => readRules(ctx.console.db)),
  saveRules: procedure.input(saveRulesInput).mutation(({ ctx, input }) => saveRules({ ctx: acting(ctx), input })),
  channels: procedure.query(({ ctx }) => channelViews(ctx.console.settings)),
  test: procedure.input(testChannelInput).mutation(({ ctx, input }) => testChannel({ ctx: acting(ctx), input })),
  preview: procedure.input(previewInput).query(({ ctx, input }) => previewNotifications({ ctx: ctx.console, input })),
  deliveries: procedure.input(deliveriesInput).query(({ ctx, input }) => listDeliveries({ ctx: acting(ctx), input })),
  maintenance: procedure.query(({ ctx }) => listMaintenance({ ctx: ctx.console })),
  addMaintenance: procedure
    .input(addMaintenanceInput)
    .mutation(({ ctx, input }) => addMaintenance({ ctx: acting(ctx), input })),
  endMaintenance: procedure
    .input(endMaintenanceInput)
    .mutation(({ ctx, input }) => endMaintenance({ ctx: acting(ctx), input })),
});
