import { listConsumers } from "@/server/streams/list-consumers";
import { listDeadLetters } from "@/server/streams/list-dead-letters";
import { listEntries } from "@/server/streams/list-entries";
import { listPending } from "@/server/streams/list-pending";
import { consumersInput, deadLettersInput, entriesInput, pendingInput } from "@/server/streams/schemas";
import { procedure, router } from "@/server/trpc/procedures";

export const streamsRouter = router({
  entries: procedure.input(entriesInput).query(({ ctx, input }) => listEntries({ ctx: ctx.console, input })),
  pending: procedure.input(pendingInput).query(({ ctx, input }) => listPending({ ctx: ctx.console, input })),
  consumers: procedure.input(consumersInput).query(({ ctx, input }) => listConsumers({ ctx: ctx.console, input })),
  deadLetters: procedure
    .input(deadLettersInput)
    .query(({ ctx, input }) => listDeadLetters({ ctx: ctx.console, input })),
});
