import type { Actor } from "@/server/auth/roles";
import { listApplications, providerTokens } from "@/server/brakes/applications";
import { getFreeze, listFreezes } from "@/server/brakes/freeze-view";
import { replaceSecret } from "@/server/brakes/replace-secret";
import {
  applicationsInput,
  freezeInput,
  listFreezesInput,
  providerTokensInput,
  replaceSecretInput,
  thawInput,
} from "@/server/brakes/schemas";
import { thawZone } from "@/server/brakes/thaw-zone";
import type { Console } from "@/server/runtime/console";
import { procedure, router } from "@/server/trpc/procedures";

const by = (ctx: { actor: Actor; console: Console }) => ({
  db: ctx.console.db,
  caracal: ctx.console.caracal,
  actor: ctx.actor,
});

/** A zone is frozen through approvals.execute only: two people agree on it (server/brakes/freeze-zone.action.ts). */
export const brakesRouter = router({
  freezes: procedure.input(listFreezesInput).query(({ ctx, input }) => listFreezes({ ctx: by(ctx), input })),
  freeze: procedure.input(freezeInput).query(({ ctx, input }) => getFreeze({ ctx: by(ctx), input })),
  thaw: procedure.input(thawInput).mutation(({ ctx, input }) => thawZone({ ctx: by(ctx), input })),
  applications: procedure.input(applicationsInput).query(({ ctx, input }) => listApplications({ ctx: by(ctx), input })),
  providerTokens: procedure
    .input(providerTokensInput)
    .query(({ ctx, input }) => providerTokens({ ctx: by(ctx), input })),
  replaceSecret: procedure
    .input(replaceSecretInput)
    .mutation(({ ctx, input }) => replaceSecret({ ctx: by(ctx), input })),
});
