import type { Metadata } from "next";
import { orNotFound, requireActor } from "@/server/trpc/server-caller";
import { GuidedRunClient } from "./client";

export const metadata: Metadata = { title: "Playbook run" };

type Props = { readonly params: Promise<{ readonly id: string }> };

/** One run of a guided playbook: its steps in order, and what an attacker can still do. */
export default async function GuidedRunPage({ params }: Props) {
  await requireActor("guided.run");
  const { id } = await params;
  const run = await orNotFound((caller) => caller.guided.run({ runId: id }));
  return <GuidedRunClient initial={run} />;
}
