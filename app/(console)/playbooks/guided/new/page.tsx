import type { Metadata } from "next";
import { requireActor } from "@/server/trpc/server-caller";
import { NewGuidedClient } from "./client";

export const metadata: Metadata = { title: "Start a playbook" };

/** Starts a run of a guided playbook. */
export default async function NewGuidedPage() {
  await requireActor("guided.runs");
  return <NewGuidedClient />;
}
