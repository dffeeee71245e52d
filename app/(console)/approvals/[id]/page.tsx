import type { Metadata } from "next";
import { orNotFound, requireActor } from "@/server/trpc/server-caller";
import { ApprovalClient } from "./client";

export const metadata: Metadata = { title: "Approval" };

type Props = { readonly params: Promise<{ readonly id: string }> };

/** One request: what exactly will run, how far, since when unchanged, who votes. */
export default async function ApprovalPage({ params }: Props) {
  await requireActor("approvals.get");
  const { id } = await params;
  const approval = await orNotFound((caller) => caller.approvals.get({ approvalId: id }));
  return <ApprovalClient initial={approval} />;
}
