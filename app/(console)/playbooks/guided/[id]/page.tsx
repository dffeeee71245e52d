import { TRPCError } from "@trpc/server";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { requireActor, serverCaller } from "@/server/trpc/server-caller";
import { GuidedRunClient } from "./client";

export const metadata: Metadata = { title: "Playbook run" };

type Props = { readonly params: Promise<{ readonly id: string }> };

async function runOrNothing(runId: string) {
  const caller = await serverCaller();
  try {
    return await caller.guided.run({ runId });
  } catch (error) {
    if (error instanceof TRPCError && (error.code === "NOT_FOUND" || error.code === "BAD_REQUEST")) return null;
    throw error;
  }
}

/** One run of a guided playbook: its steps in order, and what an attacker can still do. */
export default async function GuidedRunPage({ params }: Props) {
  await requireActor("guided.run");
  const run = await runOrNothing((await params).id);
  if (run === null) notFound();
  return <GuidedRunClient initial={run} />;
}
