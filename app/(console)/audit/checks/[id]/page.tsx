import type { Metadata } from "next";
import { orNotFound, requireActor } from "@/server/trpc/server-caller";
import { CheckClient } from "./client";

export const metadata: Metadata = { title: "Check of the audit chain" };

type Props = { readonly params: Promise<{ readonly id: string }> };

/** One check of the audit chain: how far it is, who was heard, and what it found. */
export default async function CheckPage({ params }: Props) {
  await requireActor("audit.check");
  const { id } = await params;
  const check = await orNotFound((caller) => caller.audit.check({ checkId: id }));
  return <CheckClient initial={check} />;
}
