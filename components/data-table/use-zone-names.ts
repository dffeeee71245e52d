"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "@/components/live/trpc";

/** Names of the first 500 zones by id; a zone that is not among them keeps its id as its name. */
export function useZoneNames(): (zoneId: string) => string {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.sessions.zones.queryOptions({ limit: 500 }, { staleTime: 60_000 }));
  const names = new Map((data?.rows ?? []).map((zone) => [zone.id, zone.name]));
  return (zoneId) => names.get(zoneId) ?? zoneId;
}
