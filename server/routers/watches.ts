import type { Actor } from "@/server/auth/roles";
import type { Console } from "@/server/runtime/console";
import { procedure, router } from "@/server/trpc/procedures";
import { listWatches } from "@/server/watches/list-watches";
import { pinFigure, unpinFigure } from "@/server/watches/pin-figure";
import { listWatchesInput, pinFigureInput, unpinFigureInput } from "@/server/watches/schemas";

const by = (ctx: { actor: Actor; console: Console }) => ({
  db: ctx.console.db,
  collector: ctx.console.collector,
  actor: ctx.actor,
});

/** Figures that are watched for an incident. */
export const watchesRouter = router({
  list: procedure.input(listWatchesInput).query(({ ctx, input }) => listWatches({ ctx: by(ctx), input })),
  pin: procedure.input(pinFigureInput).mutation(({ ctx, input }) => pinFigure({ ctx: by(ctx), input })),
  unpin: procedure.input(unpinFigureInput).mutation(({ ctx, input }) => unpinFigure({ ctx: by(ctx), input })),
});
