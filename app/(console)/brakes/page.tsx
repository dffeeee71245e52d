import type { Metadata } from "next";
import { requireActor } from "@/server/trpc/server-caller";
import { BrakesClient } from "./client";

export const metadata: Metadata = { title: "Brakes" };

/** The emergency brakes: which zones are frozen, and the ways to stop a zone or a secret. */
export default async function BrakesPage() {
  await requireActor("brakes.freezes");
  return <BrakesClient />;
}
