import type { Metadata } from "next";
import { Hydrate } from "@/server/trpc/hydrate";
import { queryClientOfPage, requireActor, serverTRPC } from "@/server/trpc/server-caller";
import { EvidenceClient } from "./client";

export const metadata: Metadata = { title: "Evidence" };

/** What was preserved, and every post-mortem, written or owed, and how quickly incidents were noticed, contained and over, month by month. */
export default async function EvidencePage() {
  await requireActor("postMortems.list");
  const client = queryClientOfPage();
  await Promise.all([
    client.prefetchInfiniteQuery(
      serverTRPC.postMortems.list.infiniteQueryOptions({}, { getNextPageParam: (page) => page.nextCursor }),
    ),
    client.prefetchQuery(serverTRPC.postMortems.months.queryOptions()),
    client.prefetchQuery(serverTRPC.vault.retention.queryOptions()),
    client.prefetchInfiniteQuery(
      serverTRPC.vault.list.infiniteQueryOptions({ incidentId: null }, { getNextPageParam: (page) => page.nextCursor }),
    ),
  ]);
  return (
    <Hydrate>
      <EvidenceClient />
    </Hydrate>
  );
}
