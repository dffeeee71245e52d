import type { Actor } from "@/server/auth/roles";
import { ackSignalInput, snoozeSignalInput } from "@/server/incidents/schemas";
import type { Console } from "@/server/runtime/console";
import { acknowledgeSignal, openSignalMarks, snoozeSignal } from "@/server/signals/mark-signal";
import { procedure, router } from "@/server/trpc/procedures";

const by = (ctx: { actor: Actor; console: Console }) => ({ db: ctx.console.db, actor: ctx.actor });

export const signalsRouter = router({
  open: procedure.query(({ ctx }) => openSignalMarks({ ctx: by(ctx) })),
  acknowledge: procedure.input(ackSignalInput).mutation(({ ctx, input }) => acknowledgeSignal({ ctx: by(ctx), input })),
  snooze: procedure.input(snoozeSignalInput).mutation(({ ctx, input }) => snoozeSignal({ ctx: by(ctx), input })),
});
