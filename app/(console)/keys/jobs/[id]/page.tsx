import { TRPCError } from "@trpc/server";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { requireActor, serverCaller } from "@/server/trpc/server-caller";
import { KeyJobClient } from "./client";

export const metadata: Metadata = { title: "Key job" };

type Props = { readonly params: Promise<{ readonly id: string }> };

async function jobOrNothing(jobId: string) {
  const caller = await serverCaller();
  try {
    return await caller.keys.job({ jobId });
  } catch (error) {
    if (error instanceof TRPCError && (error.code === "NOT_FOUND" || error.code === "BAD_REQUEST")) return null;
    throw error;
  }
}

/** One inventory, re-encryption or rotation: how far it is, and its proof. */
export default async function KeyJobPage({ params }: Props) {
  await requireActor("keys.job");
  const job = await jobOrNothing((await params).id);
  if (job === null) notFound();
  return <KeyJobClient initial={job} />;
}
