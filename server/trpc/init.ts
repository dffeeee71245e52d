import { initTRPC } from "@trpc/server";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import { TRPCError } from "@trpc/server";
import superjson from "superjson";
import type { TRPCContext } from "@/server/trpc/context";
import { answerOf } from "@/server/trpc/error-map";

/** Inputs whose annotations superjson cannot follow (a forged class, a path through a prototype) are the caller's fault. */
const transformer = {
  input: {
    serialize: superjson.serialize,
    deserialize(payload: Parameters<typeof superjson.deserialize>[0]): unknown {
      try {
        return superjson.deserialize(payload);
      } catch {
        throw new TRPCError({
          code: "BAD_REQUEST",
          message: "The request was not understood: its input cannot be read.",
        });
      }
    },
  },
  output: superjson,
};

/** The one tRPC instance. Live streams ping every 5 s; a browser that hears nothing for 15 s connects again. */
export const t = initTRPC.context<TRPCContext>().create({
  transformer,
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
