import type { Metadata } from "next";
import { orNotFound, requireActor } from "@/server/trpc/server-caller";
import { IncidentClient } from "./client";

export const metadata: Metadata = { title: "Incident" };

type Props = { readonly params: Promise<{ readonly id: string }> };

/** One incident and its record. One that is not open to the viewer is not there. */
export default async function IncidentPage({ params }: Props) {
  await requireActor("incidents.get");
  const { id } = await params;
  const view = await orNotFound((caller) => caller.incidents.get({ incidentId: id }));
  return <IncidentClient key={view.id} initial={view} />;
}
