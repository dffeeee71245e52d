import type { Metadata } from "next";
import { requireActor } from "@/server/trpc/server-caller";
import { DeclareClient } from "./client";

export const metadata: Metadata = { title: "Declare an incident" };

/** The form itself says when the person's role does not allow it. */
export default async function DeclarePage() {
  await requireActor();
  return <DeclareClient />;
}
