import type { Actor } from "@/server/auth/roles";
import { abandonGuided, finishGuided, takeOverGuided } from "@/server/playbooks/guided/end-guided";
import { getGuidedRun, listGuidedRuns } from "@/server/playbooks/guided/guided-views";
import {
  abandonGuidedInput,
  guidedRunInput,
  listGuidedInput,
  settleInput,
  signStepInput,
  startGuidedInput,
  tickInput,
} from "@/server/playbooks/guided/schemas";
import { signStep } from "@/server/playbooks/guided/sign-step";
import { settleStep } from "@/server/playbooks/guided/settle-step";
import { startGuided } from "@/server/playbooks/guided/start-guided";
import { tickCheck } from "@/server/playbooks/guided/tick-check";
import type { Console } from "@/server/runtime/console";
import { procedure, router } from "@/server/trpc/procedures";

const by = (ctx: { actor: Actor; console: Console }) => ({
  db: ctx.console.db,
  caracal: ctx.console.caracal,
  keks: ctx.console.keks,
  actor: ctx.actor,
});

/** Playbooks that lead through several acts; the acts themselves are asked for through approvals. */
export const guidedRouter = router({
  runs: procedure.input(listGuidedInput).query(({ ctx, input }) => listGuidedRuns({ ctx: by(ctx), input })),
  run: procedure
    .input(guidedRunInput)
    .query(({ ctx, input }) => getGuidedRun({ ctx: { ...by(ctx), signInId: ctx.signInId }, input })),
  start: procedure.input(startGuidedInput).mutation(({ ctx, input }) => startGuided({ ctx: by(ctx), input })),
  settle: procedure.input(settleInput).mutation(({ ctx, input }) => settleStep({ ctx: by(ctx), input })),
  tick: procedure.input(tickInput).mutation(({ ctx, input }) => tickCheck({ ctx: by(ctx), input })),
  sign: procedure
    .input(signStepInput)
    .mutation(({ ctx, input }) => signStep({ ctx: { ...by(ctx), signInId: ctx.signInId }, input })),
  takeOver: procedure.input(guidedRunInput).mutation(({ ctx, input }) => takeOverGuided({ ctx: by(ctx), input })),
  abandon: procedure.input(abandonGuidedInput).mutation(({ ctx, input }) => abandonGuided({ ctx: by(ctx), input })),
  finish: procedure.input(guidedRunInput).mutation(({ ctx, input }) => finishGuided({ ctx: by(ctx), input })),
});
