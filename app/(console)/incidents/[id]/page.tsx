import { TRPCError } from "@trpc/server";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { requireActor, serverCaller } from "@/server/trpc/server-caller";
import { IncidentClient } from "./client";

export const metadata: Metadata = { title: "Incident" };

type Props = { readonly params: Promise<{ readonly id: string }> };

async function incidentOrNothing(incidentId: string) {
  const caller = await serverCaller();
  try {
    return await caller.incidents.get({ incidentId });
  } catch (error) {
    if (error instanceof TRPCError && (error.code === "NOT_FOUND" || error.code === "BAD_REQUEST")) return null;
    throw error;
  }
}

/** One incident and its record. One that is not open to the viewer is not there. */
export default async function IncidentPage({ params }: Props) {
  await requireActor("incidents.get");
  const view = await incidentOrNothing((await params).id);
  if (view === null) notFound();
  return <IncidentClient key={view.id} initial={view} />;
}
