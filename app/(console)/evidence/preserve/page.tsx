import type { Metadata } from "next";
import { requireActor } from "@/server/trpc/server-caller";
import { PreserveClient } from "./client";

export const metadata: Metadata = { title: "Preserve evidence" };

/** Orders that evidence be preserved: what, how much, where to. */
export default async function PreservePage() {
  await requireActor("vault.list");
  return <PreserveClient />;
}
