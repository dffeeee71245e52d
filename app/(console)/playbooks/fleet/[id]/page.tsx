import { TRPCError } from "@trpc/server";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { requireActor, serverCaller } from "@/server/trpc/server-caller";
import { FleetClient } from "./client";

export const metadata: Metadata = { title: "Revocation in several zones" };

type Props = { readonly params: Promise<{ readonly id: string }> };

async function fleetOrNothing(approvalId: string) {
  const caller = await serverCaller();
  try {
    return await caller.playbooks.fleet({ approvalId });
  } catch (error) {
    if (error instanceof TRPCError && (error.code === "NOT_FOUND" || error.code === "BAD_REQUEST")) return null;
    throw error;
  }
}

/** The runs that one approval started, a zone each, with their proofs added up. */
export default async function FleetPage({ params }: Props) {
  await requireActor("playbooks.fleet");
  const fleet = await fleetOrNothing((await params).id);
  if (fleet === null) notFound();
  return <FleetClient initial={fleet} />;
}
