import type { Metadata } from "next";
import { orNotFound, requireActor } from "@/server/trpc/server-caller";
import { KeyJobClient } from "./client";

export const metadata: Metadata = { title: "Key job" };

type Props = { readonly params: Promise<{ readonly id: string }> };

/** One inventory, re-encryption or rotation: how far it is, and its proof. */
export default async function KeyJobPage({ params }: Props) {
  await requireActor("keys.job");
  const { id } = await params;
  const job = await orNotFound((caller) => caller.keys.job({ jobId: id }));
  return <KeyJobClient initial={job} />;
}
