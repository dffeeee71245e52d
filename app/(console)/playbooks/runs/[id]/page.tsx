import type { Metadata } from "next";
import { orNotFound, requireActor } from "@/server/trpc/server-caller";
import { RunClient } from "./client";

export const metadata: Metadata = { title: "Run" };

type Props = { readonly params: Promise<{ readonly id: string }> };

/** One run, live. Its first picture comes with the page, so that a reload shows where the run is at once. */
export default async function RunPage({ params }: Props) {
  await requireActor("playbooks.run");
  const { id } = await params;
  const run = await orNotFound((caller) => caller.playbooks.run({ runId: id }));
  return <RunClient initial={run} />;
}
