import { initTRPC } from "@trpc/server";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import { TRPCError } from "@trpc/server";
import superjson from "superjson";
import type { TRPCContext } from "@/server/trpc/context";
import { answerOf } from "@/server/trpc/error-map";

/** The one tRPC instance. Live streams ping every 5 s; a browser that hears nothing for 15 s connects again. */
export const t = initTRPC.context<TRPCContext>().create({
  transformer: superjson,
  sse: { ping: { enabled: true, intervalMs: 5_000 }, client: { reconnectAfterInactivityMs: 15_000 } },
  errorFormatter({ shape, error, ctx }) {
    const answer = answerOf(error, ctx?.requestId ?? "unknown");
    const { reason, facts, fields, code, message } = answer;
    const httpStatus = getHTTPStatusCodeFromError(new TRPCError({ code }));
    return {
      code: shape.code,
      message,
      data: { code, httpStatus, path: shape.data.path, reason, facts, fields, requestId: ctx?.requestId ?? null },
    };
  },
});
