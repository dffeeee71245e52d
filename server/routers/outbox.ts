import { listRequeues } from "@/server/outbox/list-requeues";
import { listOutboxRows, outboxOverview } from "@/server/outbox/read-outbox";
import { outboxInput, outboxRowsInput } from "@/server/outbox/schemas";
import { procedure, router } from "@/server/trpc/procedures";

/** Dead rows are tried again through approvals.execute only: two people agree on it (server/outbox/requeue.action.ts). */
export const outboxRouter = router({
  overview: procedure.input(outboxInput).query(({ ctx, input }) => outboxOverview({ ctx: ctx.console, input })),
  rows: procedure.input(outboxRowsInput).query(({ ctx, input }) => listOutboxRows({ ctx: ctx.console, input })),
  requeues: procedure
    .input(outboxInput)
    .query(({ ctx, input }) => listRequeues({ ctx: { db: ctx.console.db, actor: ctx.actor }, input })),
});
