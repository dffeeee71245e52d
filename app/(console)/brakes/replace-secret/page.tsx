import type { Metadata } from "next";
import { requireActor } from "@/server/trpc/server-caller";
import { ReplaceSecretClient } from "./client";

export const metadata: Metadata = { title: "Replace an application's secret" };

/** A new secret for an application whose old one somebody else may know, and what its grants hold besides. */
export default async function ReplaceSecretPage() {
  await requireActor("brakes.applications");
  return <ReplaceSecretClient />;
}
