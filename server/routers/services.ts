import type { Actor } from "@/server/auth/roles";
import type { Console } from "@/server/runtime/console";
import { hearConsumers } from "@/server/services/hearing/hear-consumers";
import { readServiceLogs } from "@/server/services/read-logs";
import { cancelRestart } from "@/server/services/restarts/cancel-restart";
import { confirmRestart } from "@/server/services/restarts/confirm-restart";
import { getRestartOrder } from "@/server/services/restarts/get-order";
import { orderRestart } from "@/server/services/restarts/order-restart";
import {
  cancelRestartInput,
  confirmRestartInput,
  hearInput,
  orderInput,
  restartInput,
  serviceLogsInput,
  servicesInput,
} from "@/server/services/schemas";
import { viewServices } from "@/server/services/services-view";
import { procedure, router } from "@/server/trpc/procedures";

const by = (ctx: { actor: Actor; console: Console }) => ({
  db: ctx.console.db,
  caracal: ctx.console.caracal,
  adapter: ctx.console.adapter,
  actor: ctx.actor,
});

/** Caracal's services by replica: what they say, their logs, their restarts. */
export const servicesRouter = router({
  view: procedure.input(servicesInput).query(({ ctx, input }) => viewServices({ ctx: by(ctx), input })),
  logs: procedure.input(serviceLogsInput).mutation(({ ctx, input }) => readServiceLogs({ ctx: by(ctx), input })),
  restart: procedure.input(restartInput).mutation(({ ctx, input }) => orderRestart({ ctx: by(ctx), input })),
  confirmRestart: procedure
    .input(confirmRestartInput)
    .mutation(({ ctx, input }) => confirmRestart({ ctx: by(ctx), input })),
  cancelRestart: procedure
    .input(cancelRestartInput)
    .mutation(({ ctx, input }) => cancelRestart({ ctx: by(ctx), input })),
  order: procedure.input(orderInput).query(({ ctx, input }) => getRestartOrder({ ctx: by(ctx), input })),
  hear: procedure.input(hearInput).mutation(({ ctx, input }) => hearConsumers({ ctx: by(ctx), input })),
});
