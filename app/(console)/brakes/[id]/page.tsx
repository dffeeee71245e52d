import { TRPCError } from "@trpc/server";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { requireActor, serverCaller } from "@/server/trpc/server-caller";
import { FreezeClient } from "./client";

export const metadata: Metadata = { title: "Freeze" };

type Props = { readonly params: Promise<{ readonly id: string }> };

async function freezeOrNothing(freezeId: string) {
  const caller = await serverCaller();
  try {
    return await caller.brakes.freeze({ freezeId });
  } catch (error) {
    if (error instanceof TRPCError && (error.code === "NOT_FOUND" || error.code === "BAD_REQUEST")) return null;
    throw error;
  }
}

/** One freeze, from the approval to the thaw, with its proof on every STS replica. */
export default async function FreezePage({ params }: Props) {
  await requireActor("brakes.freeze");
  const freeze = await freezeOrNothing((await params).id);
  if (freeze === null) notFound();
  return <FreezeClient initial={freeze} />;
}
