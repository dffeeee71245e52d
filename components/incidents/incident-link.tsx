"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { incidentHref, incidentName } from "@/components/incidents/incident-words";
import { useBoard } from "@/components/live/live-hooks";
import { useTRPC } from "@/components/live/trpc";

/** The incident that something belongs to, by its number; without one while it is not open to the viewer. */
export function IncidentLink({ incidentId }: { incidentId: string }) {
  const trpc = useTRPC();
  const open = useBoard().incidents.find((incident) => incident.id === incidentId);
  // Asked for only when it is not open: a look at a restricted one goes on its record.
  const query = useQuery(
    trpc.incidents.get.queryOptions({ incidentId }, { staleTime: 60_000, retry: false, enabled: open === undefined }),
  );
  const number = open?.number ?? query.data?.number;
  if (open === undefined && query.isError)
    return <span className="text-muted-foreground">an incident that is not open to you</span>;
  return (
    <Link href={incidentHref(incidentId)} className="text-accent underline underline-offset-2 hover:no-underline">
      {number === undefined ? "its incident" : incidentName(number)}
    </Link>
  );
}
