import { abandon } from "@/server/playbooks/abandon";
import { confirmSubject } from "@/server/playbooks/confirm-subject";
import { finish } from "@/server/playbooks/finish";
import { getFleet } from "@/server/playbooks/get-fleet";
import { getRun } from "@/server/playbooks/get-run";
import { listRuns } from "@/server/playbooks/list-runs";
import { publishAgain } from "@/server/playbooks/publish-again";
import { revoke } from "@/server/playbooks/revoke";
import { runLog } from "@/server/playbooks/run-log";
import {
  checklistInput,
  fleetInput,
  listRunsInput,
  reasonInput,
  revokeInput,
  runInput,
  runLogInput,
  startRunInput,
  type RunView,
} from "@/server/playbooks/schemas";
import { startRun } from "@/server/playbooks/start-run";
import { startWaiting } from "@/server/playbooks/start-waiting";
import { sweepAgain } from "@/server/playbooks/sweep-again";
import { takeOver } from "@/server/playbooks/take-over";
import { tick } from "@/server/playbooks/tick";
import { requireVisibleRun } from "@/server/playbooks/visible-runs";
import type { Actor } from "@/server/auth/roles";
import type { Console } from "@/server/runtime/console";
import { procedure, router } from "@/server/trpc/procedures";

const by = (ctx: { actor: Actor; console: Console }) => ({ ...ctx.console, actor: ctx.actor });
type Act<Input> = { readonly ctx: ReturnType<typeof by>; readonly input: Input };

/** An act on a run that the person may see, and then the run as it is. */
async function act<Input extends { runId: string }>(
  call: { ctx: { actor: Actor; console: Console }; input: Input },
  verb: (given: Act<Input>) => Promise<unknown>,
): Promise<RunView> {
  const given = { ctx: by(call.ctx), input: call.input };
  await requireVisibleRun(given.ctx.db, given.ctx.actor, call.input.runId);
  await verb(given);
  return getRun(given);
}

/** Acts answer with the run as it is afterwards, so that the screen never shows a state it left. */
export const playbooksRouter = router({
  runs: procedure.input(listRunsInput).query(({ ctx, input }) => listRuns({ ctx: by(ctx), input })),
  run: procedure.input(runInput).query(({ ctx, input }) => getRun({ ctx: by(ctx), input })),
  fleet: procedure.input(fleetInput).query(({ ctx, input }) => getFleet({ ctx: by(ctx), input })),
  log: procedure.input(runLogInput).query(({ ctx, input }) => runLog({ ctx: by(ctx), input })),
  start: procedure.input(startRunInput).mutation(({ ctx, input }) => startRun({ ctx: by(ctx), input })),
  confirmSubject: procedure.input(runInput).mutation(({ ctx, input }) => act({ ctx, input }, confirmSubject)),
  revoke: procedure.input(revokeInput).mutation(({ ctx, input }) => act({ ctx, input }, revoke)),
  sweepAgain: procedure.input(runInput).mutation(({ ctx, input }) => act({ ctx, input }, sweepAgain)),
  publishAgain: procedure.input(runInput).mutation(({ ctx, input }) => act({ ctx, input }, publishAgain)),
  startWaiting: procedure.input(runInput).mutation(({ ctx, input }) => act({ ctx, input }, startWaiting)),
  tick: procedure.input(checklistInput).mutation(({ ctx, input }) => act({ ctx, input }, tick)),
  finish: procedure.input(runInput).mutation(({ ctx, input }) => act({ ctx, input }, finish)),
  abandon: procedure.input(reasonInput).mutation(({ ctx, input }) => act({ ctx, input }, abandon)),
  takeOver: procedure.input(runInput).mutation(({ ctx, input }) => act({ ctx, input }, takeOver)),
});
