import type { Metadata } from "next";
import { createLoader, type SearchParams } from "nuqs/server";
import { Hydrate } from "@/server/trpc/hydrate";
import { queryClientOfPage, requireActor, serverTRPC } from "@/server/trpc/server-caller";
import { SessionsClient } from "./client";
import { sessionSearch } from "./search-params";

export const metadata: Metadata = { title: "Sessions" };

const load = createLoader(sessionSearch);

/** The first page of the list comes with the page; while Caracal's Postgres is away it comes empty and says so. */
export default async function SessionsPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  await requireActor("sessions.list");
  const filter = await load(searchParams);
  await Promise.all([
    queryClientOfPage().prefetchQuery(serverTRPC.sessions.zones.queryOptions({ limit: 500 })),
    queryClientOfPage().prefetchInfiniteQuery(
      serverTRPC.sessions.list.infiniteQueryOptions(
        { zoneId: filter.zone ?? undefined, subjectId: filter.subject ?? undefined, state: filter.state },
        { getNextPageParam: (page) => page.nextCursor },
      ),
    ),
  ]);
  return (
    <Hydrate>
      <SessionsClient />
    </Hydrate>
  );
}
