import type { Metadata } from "next";
import { Hydrate } from "@/server/trpc/hydrate";
import { queryClientOfPage, requireActor, serverTRPC } from "@/server/trpc/server-caller";
import { ApprovalsClient } from "./client";

export const metadata: Metadata = { title: "Approvals" };

/** What waits for a second person, open requests first. */
export default async function ApprovalsPage() {
  await requireActor("approvals.list");
  await queryClientOfPage().prefetchInfiniteQuery(
    serverTRPC.approvals.list.infiniteQueryOptions({ show: "open" }, { getNextPageParam: (page) => page.nextCursor }),
  );
  return (
    <Hydrate>
      <ApprovalsClient />
    </Hydrate>
  );
}
