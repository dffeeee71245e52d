import type { Actor } from "@/server/auth/roles";
import { cancelKeyJob } from "@/server/keys/cancel-key-job";
import { generateNextKek } from "@/server/keys/generate-next-kek";
import { kekStates } from "@/server/keys/kek-source";
import { getKeyJob, listFindings, listInventoryZones, listKeyJobs, listKeyJobZones } from "@/server/keys/key-job-views";
import { listZoneKeys } from "@/server/keys/list-zone-keys";
import { sweepAgain } from "@/server/keys/re-encrypt/sweep-again";
import {
  findingsInput,
  inventoryZonesInput,
  keyJobInput,
  keyJobZonesInput,
  listKeyJobsInput,
  listZoneKeysInput,
} from "@/server/keys/schemas";
import { windowAllows, windowIssuances, windowSessions } from "@/server/keys/window/read-window";
import { windowPageInput, windowSessionsInput } from "@/server/keys/window/schemas";
import { startInventory } from "@/server/keys/start-inventory";
import type { Console } from "@/server/runtime/console";
import { procedure, router } from "@/server/trpc/procedures";

const by = (ctx: { actor: Actor; console: Console }) => ({
  db: ctx.console.db,
  keks: ctx.console.keks,
  actor: ctx.actor,
});

/** Rotation and re-encryption begin through approvals.execute only: two people agree on them. */
export const keysRouter = router({
  list: procedure.input(listZoneKeysInput).query(({ ctx, input }) => listZoneKeys({ ctx: ctx.console, input })),
  keks: procedure.query(({ ctx }) => kekStates(ctx.console.keks)),
  generateNextKek: procedure.mutation(({ ctx }) => generateNextKek({ ctx: by(ctx) })),
  startInventory: procedure.mutation(({ ctx }) => startInventory({ ctx: by(ctx) })),
  jobs: procedure.input(listKeyJobsInput).query(({ ctx, input }) => listKeyJobs({ ctx: by(ctx), input })),
  job: procedure.input(keyJobInput).query(({ ctx, input }) => getKeyJob({ ctx: by(ctx), input })),
  jobZones: procedure.input(keyJobZonesInput).query(({ ctx, input }) => listKeyJobZones({ ctx: by(ctx), input })),
  inventoryZones: procedure
    .input(inventoryZonesInput)
    .query(({ ctx, input }) => listInventoryZones({ ctx: by(ctx), input })),
  findings: procedure.input(findingsInput).query(({ ctx, input }) => listFindings({ ctx: by(ctx), input })),
  windowIssuances: procedure
    .input(windowPageInput)
    .query(({ ctx, input }) => windowIssuances({ ctx: ctx.console, input })),
  windowAllows: procedure.input(windowPageInput).query(({ ctx, input }) => windowAllows({ ctx: ctx.console, input })),
  windowSessions: procedure
    .input(windowSessionsInput)
    .query(({ ctx, input }) => windowSessions({ ctx: ctx.console, input })),
  cancelJob: procedure.input(keyJobInput).mutation(({ ctx, input }) => cancelKeyJob({ ctx: by(ctx), input })),
  sweepAgain: procedure.input(keyJobInput).mutation(({ ctx, input }) => sweepAgain({ ctx: by(ctx), input })),
});
