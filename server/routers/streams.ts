import type { Actor } from "@/server/auth/roles";
import type { Console } from "@/server/runtime/console";
import { ackProved } from "@/server/streams/acts/ack-proved";
import { claimBack } from "@/server/streams/acts/claim-back";
import { claimPending } from "@/server/streams/acts/claim-pending";
import { destroyStaleConsumer } from "@/server/streams/acts/destroy-consumer";
import { listActs } from "@/server/streams/acts/list-acts";
import { ackProvedInput, actsInput, claimBackInput, claimInput, destroyInput } from "@/server/streams/acts/schemas";
import { listConsumers } from "@/server/streams/list-consumers";
import { listDeadLetters } from "@/server/streams/list-dead-letters";
import { listEntries } from "@/server/streams/list-entries";
import { listPending } from "@/server/streams/list-pending";
import { consumersInput, deadLettersInput, entriesInput, pendingInput } from "@/server/streams/schemas";
import { procedure, router } from "@/server/trpc/procedures";

const by = (ctx: { actor: Actor; console: Console }) => ({
  db: ctx.console.db,
  caracal: ctx.console.caracal,
  actor: ctx.actor,
});

/** Acknowledging without proof goes through approvals.execute only: two people agree on it. */
export const streamsRouter = router({
  entries: procedure.input(entriesInput).query(({ ctx, input }) => listEntries({ ctx: ctx.console, input })),
  pending: procedure.input(pendingInput).query(({ ctx, input }) => listPending({ ctx: ctx.console, input })),
  consumers: procedure.input(consumersInput).query(({ ctx, input }) => listConsumers({ ctx: ctx.console, input })),
  deadLetters: procedure
    .input(deadLettersInput)
    .query(({ ctx, input }) => listDeadLetters({ ctx: ctx.console, input })),
  acts: procedure.input(actsInput).query(({ ctx, input }) => listActs({ ctx: by(ctx), input })),
  claim: procedure.input(claimInput).mutation(({ ctx, input }) => claimPending({ ctx: by(ctx), input })),
  claimBack: procedure.input(claimBackInput).mutation(({ ctx, input }) => claimBack({ ctx: by(ctx), input })),
  ackProved: procedure.input(ackProvedInput).mutation(({ ctx, input }) => ackProved({ ctx: by(ctx), input })),
  destroyConsumer: procedure
    .input(destroyInput)
    .mutation(({ ctx, input }) => destroyStaleConsumer({ ctx: by(ctx), input })),
});
