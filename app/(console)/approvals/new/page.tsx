import type { Metadata } from "next";
import { requireActor } from "@/server/trpc/server-caller";
import { RequestClient } from "./client";

export const metadata: Metadata = { title: "Ask for an act" };

/** The form that asks for a two-person act. It says itself when the person's role does not allow it. */
export default async function RequestPage() {
  await requireActor();
  return <RequestClient />;
}
