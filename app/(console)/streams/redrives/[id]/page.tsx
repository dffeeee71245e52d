import type { Metadata } from "next";
import { orNotFound, requireActor } from "@/server/trpc/server-caller";
import { RedriveClient } from "./client";

export const metadata: Metadata = { title: "Redrive" };

type Props = { readonly params: Promise<{ readonly id: string }> };

/** One list of dead letters and what is done with it. */
export default async function RedrivePage({ params }: Props) {
  await requireActor("redrive.run");
  const { id } = await params;
  const run = await orNotFound((caller) => caller.redrive.run({ runId: id }));
  return <RedriveClient initial={run} />;
}
