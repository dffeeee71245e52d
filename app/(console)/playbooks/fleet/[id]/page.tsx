import type { Metadata } from "next";
import { orNotFound, requireActor } from "@/server/trpc/server-caller";
import { FleetClient } from "./client";

export const metadata: Metadata = { title: "Revocation in several zones" };

type Props = { readonly params: Promise<{ readonly id: string }> };

/** The runs that one approval started, a zone each, with their proofs added up. */
export default async function FleetPage({ params }: Props) {
  await requireActor("playbooks.fleet");
  const { id } = await params;
  const fleet = await orNotFound((caller) => caller.playbooks.fleet({ approvalId: id }));
  return <FleetClient initial={fleet} />;
}
