import type { Metadata } from "next";
import { Hydrate } from "@/server/trpc/hydrate";
import { queryClientOfPage, requireActor, serverTRPC } from "@/server/trpc/server-caller";
import { ChecksClient } from "./client";

export const metadata: Metadata = { title: "Checks of the audit chain" };

export default async function ChecksPage() {
  await requireActor("audit.checks");
  await queryClientOfPage().prefetchInfiniteQuery(
    serverTRPC.audit.checks.infiniteQueryOptions({ limit: 20 }, { getNextPageParam: (page) => page.nextCursor }),
  );
  return (
    <Hydrate>
      <ChecksClient />
    </Hydrate>
  );
}
