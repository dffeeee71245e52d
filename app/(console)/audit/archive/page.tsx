import type { Metadata } from "next";
import { Hydrate } from "@/server/trpc/hydrate";
import { queryClientOfPage, requireActor, serverTRPC } from "@/server/trpc/server-caller";
import { ArchiveClient } from "./client";

export const metadata: Metadata = { title: "Comparison with the archive" };

type Props = { readonly searchParams: Promise<{ readonly zone?: string | string[] }> };

/** Comparisons of the audit log with Caracal's hourly exports; `zone` is chosen when a playbook leads here. */
export default async function ArchivePage({ searchParams }: Props) {
  await requireActor("audit.comparisons");
  const { zone } = await searchParams;
  const client = queryClientOfPage();
  await Promise.all([
    client.prefetchInfiniteQuery(
      serverTRPC.audit.comparisons.infiniteQueryOptions({ limit: 20 }, { getNextPageParam: (page) => page.nextCursor }),
    ),
    client.prefetchQuery(serverTRPC.audit.archive.queryOptions()),
  ]);
  return (
    <Hydrate>
      <ArchiveClient zoneFirst={typeof zone === "string" ? zone : null} />
    </Hydrate>
  );
}
