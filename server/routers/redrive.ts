import type { Actor } from "@/server/auth/roles";
import { cancelRedrive, pauseRedrive, resumeRedrive, setRate } from "@/server/redrive/control-redrive";
import { entryHistory, getRun, listEntriesOfRun, listGroups, listRuns } from "@/server/redrive/run-views";
import {
  classifyInput,
  entriesOfRunInput,
  entryHistoryInput,
  listRunsInput,
  rateInput,
  runInput,
  startInput,
} from "@/server/redrive/schemas";
import { startClassification } from "@/server/redrive/start-classification";
import { startRedrive } from "@/server/redrive/start-redrive";
import type { Console } from "@/server/runtime/console";
import { procedure, router } from "@/server/trpc/procedures";

const by = (ctx: { actor: Actor; console: Console }) => ({
  db: ctx.console.db,
  caracal: ctx.console.caracal,
  actor: ctx.actor,
});

/** Signing an event anew and discarding begin through approvals.execute only: two people agree on them. */
export const redriveRouter = router({
  classify: procedure.input(classifyInput).mutation(({ ctx, input }) => startClassification({ ctx: by(ctx), input })),
  runs: procedure.input(listRunsInput).query(({ ctx, input }) => listRuns({ ctx: by(ctx), input })),
  run: procedure.input(runInput).query(({ ctx, input }) => getRun({ ctx: by(ctx), input })),
  groups: procedure.input(runInput).query(({ ctx, input }) => listGroups({ ctx: by(ctx), input })),
  entries: procedure.input(entriesOfRunInput).query(({ ctx, input }) => listEntriesOfRun({ ctx: by(ctx), input })),
  history: procedure.input(entryHistoryInput).query(({ ctx, input }) => entryHistory({ ctx: by(ctx), input })),
  start: procedure.input(startInput).mutation(({ ctx, input }) => startRedrive({ ctx: by(ctx), input })),
  setRate: procedure.input(rateInput).mutation(({ ctx, input }) => setRate({ ctx: by(ctx), input })),
  pause: procedure.input(runInput).mutation(({ ctx, input }) => pauseRedrive({ ctx: by(ctx), input })),
  resume: procedure.input(runInput).mutation(({ ctx, input }) => resumeRedrive({ ctx: by(ctx), input })),
  cancel: procedure.input(runInput).mutation(({ ctx, input }) => cancelRedrive({ ctx: by(ctx), input })),
});
