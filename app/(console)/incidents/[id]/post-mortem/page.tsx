import { TRPCError } from "@trpc/server";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { requireActor, serverCaller } from "@/server/trpc/server-caller";
import { PostMortemClient } from "./client";

export const metadata: Metadata = { title: "Post-mortem" };

type Props = { readonly params: Promise<{ readonly id: string }> };

async function postMortemOrNothing(incidentId: string) {
  const caller = await serverCaller();
  try {
    return await caller.postMortems.get({ incidentId });
  } catch (error) {
    if (error instanceof TRPCError && (error.code === "NOT_FOUND" || error.code === "BAD_REQUEST")) return null;
    throw error;
  }
}

/** The post-mortem of one incident: what was measured, what people wrote over the draft, who signed it. */
export default async function PostMortemPage({ params }: Props) {
  await requireActor("postMortems.get");
  const view = await postMortemOrNothing((await params).id);
  if (view === null) notFound();
  return <PostMortemClient initial={view} />;
}
