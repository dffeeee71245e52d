import { TRPCError } from "@trpc/server";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { requireActor, serverCaller } from "@/server/trpc/server-caller";
import { RunClient } from "./client";

export const metadata: Metadata = { title: "Run" };

type Props = { readonly params: Promise<{ readonly id: string }> };

async function runOrNothing(runId: string) {
  const caller = await serverCaller();
  try {
    return await caller.playbooks.run({ runId });
  } catch (error) {
    if (error instanceof TRPCError && (error.code === "NOT_FOUND" || error.code === "BAD_REQUEST")) return null;
    throw error;
  }
}

/** One run, live. Its first picture comes with the page, so that a reload shows where the run is at once. */
export default async function RunPage({ params }: Props) {
  await requireActor("playbooks.run");
  const run = await runOrNothing((await params).id);
  if (run === null) notFound();
  return <RunClient initial={run} />;
}
