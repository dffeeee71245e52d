import type { Metadata } from "next";
import { Hydrate } from "@/server/trpc/hydrate";
import { queryClientOfPage, requireActor, serverTRPC } from "@/server/trpc/server-caller";
import { PlaybooksClient } from "./client";

export const metadata: Metadata = { title: "Playbooks" };

/** The catalogue, and every run with its driver and how far it has come. */
export default async function PlaybooksPage() {
  await requireActor("playbooks.runs");
  await queryClientOfPage().prefetchInfiniteQuery(
    serverTRPC.playbooks.runs.infiniteQueryOptions({}, { getNextPageParam: (page) => page.nextCursor }),
  );
  return (
    <Hydrate>
      <PlaybooksClient />
    </Hydrate>
  );
}
