import type { Metadata } from "next";
import { ZoneBars } from "@/components/audit/zone-bars";
import { Hydrate } from "@/server/trpc/hydrate";
import { queryClientOfPage, requireActor, serverTRPC } from "@/server/trpc/server-caller";
import { AuditClient } from "./client";

export const metadata: Metadata = { title: "Audit" };

/** The search runs in the browser; the zones' names come with the page. */
export default async function AuditPage() {
  await requireActor("audit.search");
  await queryClientOfPage().prefetchQuery(serverTRPC.sessions.zones.queryOptions({ limit: 500 }));
  return (
    <Hydrate>
      <div className="flex flex-col gap-4">
        <AuditClient renderedAt={Date.now()} />
        <ZoneBars />
      </div>
    </Hydrate>
  );
}
