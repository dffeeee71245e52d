import { tracked } from "@trpc/server";
import { actorOf, endSignIn, listSignIns, signOutEverywhere } from "@/server/auth/sign-ins";
import { clearSignal } from "@/server/detection/clear-signal";
import { declareSignal } from "@/server/detection/declare-signal";
import { boardFor } from "@/server/live/board";
import { describeConfiguration } from "@/server/live/configuration";
import { liveFeed } from "@/server/live/live-feed";
import { untilSignedOut } from "@/server/live/until-signed-out";
import {
  clearSignalInput,
  declareSignalInput,
  endSignInInput,
  historyInput,
  liveInput,
  signInsInput,
} from "@/server/live/schemas";
import { visibleRuns } from "@/server/playbooks/visible-runs";
import { procedure, router } from "@/server/trpc/procedures";

export const systemRouter = router({
  me: procedure.query(({ ctx }) => ctx.actor),
  snapshot: procedure.query(({ ctx }) => ctx.console.collector.snapshot()),
  history: procedure
    .input(historyInput)
    .query(({ ctx, input }) => ctx.console.collector.history(input.keys, input.minutes)),
  live: procedure.input(liveInput).subscription(async function* ({ ctx, input, signal }) {
    const { collector, runs, board, db } = ctx.console;
    const { actor } = ctx;
    const seen = await visibleRuns(db, actor, input.runs);
    const stillOpen = async () => (await visibleRuns(db, actor, seen)).length === seen.length;
    const watch = untilSignedOut(actor, async () => ((await stillOpen()) ? actorOf(db, ctx.signInId) : null), signal);
    try {
      const feed = liveFeed({
        current: collector.snapshot,
        subscribe: collector.subscribe,
        runs: seen,
        subscribeRun: runs.subscribe,
        subscribeBoard: (listener) => {
          let sent = "";
          return board.subscribe((full) => {
            const mine = boardFor(actor, full);
            const text = JSON.stringify(mine);
            if (text === sent) return;
            sent = text;
            listener(mine);
          });
        },
        lastEventId: input.lastEventId ?? null,
        signal: watch.signal,
      });
      for await (const { id, event } of feed) yield tracked(id, event);
    } finally {
      watch.stop();
    }
  }),
  configuration: procedure.query(({ ctx: { console } }) =>
    describeConfiguration({ ...console, snapshot: console.collector.snapshot() }),
  ),
  declareSignal: procedure
    .input(declareSignalInput)
    .mutation(({ ctx, input }) => declareSignal({ ctx: { db: ctx.console.db, actor: ctx.actor }, input })),
  clearSignal: procedure
    .input(clearSignalInput)
    .mutation(({ ctx, input }) => clearSignal({ ctx: { db: ctx.console.db, actor: ctx.actor }, input })),
  signOutEverywhere: procedure.mutation(({ ctx }) =>
    signOutEverywhere({ ctx: { db: ctx.console.db, actor: ctx.actor } }),
  ),
  signIns: procedure.input(signInsInput).query(({ ctx, input }) => listSignIns({ ctx: ctx.console, input })),
  endSignIn: procedure
    .input(endSignInInput)
    .mutation(({ ctx, input }) => endSignIn({ ctx: { db: ctx.console.db, actor: ctx.actor }, input })),
});
