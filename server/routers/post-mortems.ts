import { addFollowUp, changeFollowUp } from "@/server/post-mortem/follow-ups";
import { getPostMortem } from "@/server/post-mortem/get-post-mortem";
import { incidentMonths, listPostMortems } from "@/server/post-mortem/list-post-mortems";
import { savePostMortem } from "@/server/post-mortem/save-post-mortem";
import {
  addFollowUpInput,
  changeFollowUpInput,
  listPostMortemsInput,
  postMortemInput,
  savePostMortemInput,
  signPostMortemInput,
} from "@/server/post-mortem/schemas";
import { signPostMortem, withdrawSignature } from "@/server/post-mortem/sign-post-mortem";
import type { Actor } from "@/server/auth/roles";
import type { Console } from "@/server/runtime/console";
import { procedure, router } from "@/server/trpc/procedures";

const by = (ctx: { actor: Actor; console: Console }) => ({ db: ctx.console.db, actor: ctx.actor });

export const postMortemsRouter = router({
  list: procedure.input(listPostMortemsInput).query(({ ctx, input }) => listPostMortems({ ctx: by(ctx), input })),
  months: procedure.query(({ ctx }) => incidentMonths({ ctx: by(ctx) })),
  get: procedure.input(postMortemInput).query(({ ctx, input }) => getPostMortem({ ctx: by(ctx), input })),
  save: procedure.input(savePostMortemInput).mutation(({ ctx, input }) => savePostMortem({ ctx: by(ctx), input })),
  signOff: procedure.input(signPostMortemInput).mutation(({ ctx, input }) => signPostMortem({ ctx: by(ctx), input })),
  withdrawSignOff: procedure
    .input(postMortemInput)
    .mutation(({ ctx, input }) => withdrawSignature({ ctx: by(ctx), input })),
  addFollowUp: procedure.input(addFollowUpInput).mutation(({ ctx, input }) => addFollowUp({ ctx: by(ctx), input })),
  changeFollowUp: procedure
    .input(changeFollowUpInput)
    .mutation(({ ctx, input }) => changeFollowUp({ ctx: by(ctx), input })),
});
