import { TRPCError } from "@trpc/server";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { IdentityProvider } from "@/components/approvals/identity";
import { reauthenticateByProvider } from "@/server/auth/actions";
import { requireActor, serverCaller } from "@/server/trpc/server-caller";
import { ApprovalClient } from "./client";

export const metadata: Metadata = { title: "Approval" };

type Props = { readonly params: Promise<{ readonly id: string }> };

async function approvalOrNothing(approvalId: string) {
  const caller = await serverCaller();
  try {
    return await caller.approvals.get({ approvalId });
  } catch (error) {
    if (error instanceof TRPCError && (error.code === "NOT_FOUND" || error.code === "BAD_REQUEST")) return null;
    throw error;
  }
}

/** One request: what exactly will run, how far, since when unchanged, who votes. */
export default async function ApprovalPage({ params }: Props) {
  await requireActor("approvals.get");
  const approval = await approvalOrNothing((await params).id);
  if (approval === null) notFound();
  return (
    <IdentityProvider byProvider={reauthenticateByProvider}>
      <ApprovalClient initial={approval} />
    </IdentityProvider>
  );
}
