import type { Metadata } from "next";
import { requireActor } from "@/server/trpc/server-caller";
import { StartClient } from "./client";

export const metadata: Metadata = { title: "Start: revoke a compromised session" };

/** The three ways into the playbook. The form itself says when the person's role does not allow it. */
export default async function StartPage() {
  await requireActor();
  return <StartClient />;
}
