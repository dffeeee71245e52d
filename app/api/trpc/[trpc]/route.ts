import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { appRouter } from "@/server/routers/app-router";
import { closingSignal } from "@/server/runtime/closing";
import { createContext } from "@/server/trpc/create-context";

export const dynamic = "force-dynamic";

const handler = (request: Request) =>
  fetchRequestHandler({
    endpoint: "/api/trpc",
    // a live stream would keep a server that was told to end from ending
    req: new Request(request, { signal: AbortSignal.any([request.signal, closingSignal()]) }),
    router: appRouter,
    allowMethodOverride: true, // a long question comes by POST (components/live/long-query.ts); a change never comes by GET
    maxBatchSize: 20, // the browser's link sends at most as many (components/live/live-provider.tsx)
    createContext: () => createContext(request.headers, { method: request.method, headers: request.headers }),
    responseMeta: () => ({ headers: new Headers({ "cache-control": "no-store" }) }),
  });

export { handler as GET, handler as POST };
