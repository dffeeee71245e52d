import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { queryClientOfPage } from "@/server/trpc/server-caller";

/** Hands what the page prefetched to the client components below. */
export function Hydrate({ children }: { children: ReactNode }) {
  return <HydrationBoundary state={dehydrate(queryClientOfPage())}>{children}</HydrationBoundary>;
}
