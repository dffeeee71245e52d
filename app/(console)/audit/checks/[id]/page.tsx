import { TRPCError } from "@trpc/server";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { requireActor, serverCaller } from "@/server/trpc/server-caller";
import { CheckClient } from "./client";

export const metadata: Metadata = { title: "Check of the audit chain" };

type Props = { readonly params: Promise<{ readonly id: string }> };

async function checkOrNothing(checkId: string) {
  const caller = await serverCaller();
  try {
    return await caller.audit.check({ checkId });
  } catch (error) {
    if (error instanceof TRPCError && (error.code === "NOT_FOUND" || error.code === "BAD_REQUEST")) return null;
    throw error;
  }
}

/** One check of the audit chain: how far it is, who was heard, and what it found. */
export default async function CheckPage({ params }: Props) {
  await requireActor("audit.check");
  const check = await checkOrNothing((await params).id);
  if (check === null) notFound();
  return <CheckClient initial={check} />;
}
