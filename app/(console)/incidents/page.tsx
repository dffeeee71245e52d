import type { Metadata } from "next";
import { createLoader, type SearchParams } from "nuqs/server";
import { Hydrate } from "@/server/trpc/hydrate";
import { queryClientOfPage, requireActor, serverTRPC } from "@/server/trpc/server-caller";
import { IncidentsClient } from "./client";
import { incidentSearch } from "./search-params";

export const metadata: Metadata = { title: "Incidents" };

const load = createLoader(incidentSearch);

/** Incidents that the viewer may see: open ones first, worst first. */
export default async function IncidentsPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  await requireActor("incidents.list");
  const filter = await load(searchParams);
  await queryClientOfPage().prefetchInfiniteQuery(
    serverTRPC.incidents.list.infiniteQueryOptions(
      { show: filter.show, severities: filter.severity, text: filter.text },
      { getNextPageParam: (page) => page.nextCursor },
    ),
  );
  return (
    <Hydrate>
      <IncidentsClient />
    </Hydrate>
  );
}
