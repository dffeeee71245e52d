"use client";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createTRPCClient,
  httpBatchLink,
  httpLink,
  httpSubscriptionLink,
  splitLink,
  TRPCClientError,
} from "@trpc/client";
import { type ReactNode, useState } from "react";
import superjson from "superjson";
import { InvestigationDialog } from "@/components/live/investigation-dialog";
import { investigationLink } from "@/components/live/investigation-link";
import { LiveContext } from "@/components/live/live-hooks";
import { LiveLink } from "@/components/live/live-link";
import { LiveStore } from "@/components/live/live-store";
import { isLongQuery } from "@/components/live/long-query";
import { alignClock } from "@/components/live/now";
import { TRPCProvider } from "@/components/live/trpc";
import type { Board } from "@/server/incidents/schemas";
import type { Snapshot } from "@/server/live/snapshot";
import type { AppRouter } from "@/server/routers/app-router";

const url = "/api/trpc";

function makeQueryClient() {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        // A refusal will be the same the second time; only a broken line is worth another try.
        retry: (count, error) => count < 2 && !(error instanceof TRPCClientError && error.data),
      },
    },
  });
}

function makeClient() {
  return createTRPCClient<AppRouter>({
    links: [
      investigationLink,
      splitLink({
        condition: (operation) => operation.type === "subscription",
        true: httpSubscriptionLink({ url, transformer: superjson }),
        false: splitLink({
          condition: isLongQuery,
          true: httpLink({ url, transformer: superjson, methodOverride: "POST" }),
          false: httpBatchLink({ url, transformer: superjson, maxURLLength: 2_000, maxItems: 20 }),
        }),
      }),
    ],
  });
}

/** Everything that pages need to ask the server and to stay live. `initial` is the snapshot the server rendered with. */
export function LiveProvider({
  initial,
  board,
  serverNow,
  children,
}: {
  initial: Snapshot;
  board: Board;
  serverNow: number;
  children: ReactNode;
}) {
  const [queryClient] = useState(makeQueryClient);
  const [client] = useState(makeClient);
  const [store] = useState(() => {
    if (typeof window !== "undefined") alignClock(serverNow);
    return new LiveStore(initial, board);
  });
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={client} queryClient={queryClient}>
        <LiveContext value={store}>
          <LiveLink />
          {children}
          <InvestigationDialog />
        </LiveContext>
      </TRPCProvider>
    </QueryClientProvider>
  );
}
