import { abandon } from "@/server/playbooks/abandon";
import { confirmSubject } from "@/server/playbooks/confirm-subject";
import { finish } from "@/server/playbooks/finish";
import { getRun } from "@/server/playbooks/get-run";
import { listRuns } from "@/server/playbooks/list-runs";
import { publishAgain } from "@/server/playbooks/publish-again";
import { revoke } from "@/server/playbooks/revoke";
import { runLog } from "@/server/playbooks/run-log";
import {
  checklistInput,
  listRunsInput,
  reasonInput,
  revokeInput,
  runInput,
  runLogInput,
  startRunInput,
} from "@/server/playbooks/schemas";
import { startRun } from "@/server/playbooks/start-run";
import { startWaiting } from "@/server/playbooks/start-waiting";
import { sweepAgain } from "@/server/playbooks/sweep-again";
import { takeOver } from "@/server/playbooks/take-over";
import { tick } from "@/server/playbooks/tick";
import type { Actor } from "@/server/auth/roles";
import type { Console } from "@/server/runtime/console";
import { procedure, router } from "@/server/trpc/procedures";

const verb = ({ ctx, input }: { ctx: { actor: Actor; console: Console }; input: { runId: string } }) => ({
  ctx: { ...ctx.console, actor: ctx.actor },
  input,
});

/** Acts answer with the run as it is afterwards, so that the screen never shows a state it left. */
export const playbooksRouter = router({
  runs: procedure.input(listRunsInput).query(({ ctx, input }) => listRuns({ ctx: ctx.console, input })),
  run: procedure.input(runInput).query(({ ctx, input }) => getRun({ ctx: ctx.console, input })),
  log: procedure.input(runLogInput).query(({ ctx, input }) => runLog({ ctx: ctx.console, input })),
  start: procedure
    .input(startRunInput)
    .mutation(({ ctx, input }) => startRun({ ctx: { ...ctx.console, actor: ctx.actor }, input })),
  confirmSubject: procedure
    .input(runInput)
    .mutation((call) => confirmSubject(verb(call)).then(() => getRun(verb(call)))),
  revoke: procedure
    .input(revokeInput)
    .mutation((call) => revoke({ ...verb(call), input: call.input }).then(() => getRun(verb(call)))),
  sweepAgain: procedure.input(runInput).mutation((call) => sweepAgain(verb(call)).then(() => getRun(verb(call)))),
  publishAgain: procedure.input(runInput).mutation((call) => publishAgain(verb(call)).then(() => getRun(verb(call)))),
  startWaiting: procedure.input(runInput).mutation((call) => startWaiting(verb(call)).then(() => getRun(verb(call)))),
  tick: procedure
    .input(checklistInput)
    .mutation((call) => tick({ ...verb(call), input: call.input }).then(() => getRun(verb(call)))),
  finish: procedure.input(runInput).mutation((call) => finish(verb(call)).then(() => getRun(verb(call)))),
  abandon: procedure
    .input(reasonInput)
    .mutation((call) => abandon({ ...verb(call), input: call.input }).then(() => getRun(verb(call)))),
  takeOver: procedure.input(runInput).mutation((call) => takeOver(verb(call)).then(() => getRun(verb(call)))),
});
