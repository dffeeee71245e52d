import type { Metadata } from "next";
import { Hydrate } from "@/server/trpc/hydrate";
import { queryClientOfPage, requireActor, serverTRPC } from "@/server/trpc/server-caller";
import { SessionClient } from "./client";

export const metadata: Metadata = { title: "Session" };

type Props = { readonly params: Promise<{ readonly id: string }> };

/** One session by its sid. An id that nobody has is said on the page, not in an error. */
export default async function SessionPage({ params }: Props) {
  await requireActor("sessions.get");
  const sessionId = decodeURIComponent((await params).id);
  await Promise.all([
    queryClientOfPage().prefetchQuery(serverTRPC.sessions.zones.queryOptions({ limit: 500 })),
    queryClientOfPage().prefetchQuery(serverTRPC.sessions.get.queryOptions({ sessionId })),
  ]);
  return (
    <Hydrate>
      <SessionClient sessionId={sessionId} />
    </Hydrate>
  );
}
