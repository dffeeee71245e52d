import type { Metadata } from "next";
import { requireActor } from "@/server/trpc/server-caller";
import { KeysClient } from "./client";

export const metadata: Metadata = { title: "Keys" };

/** Not fetched ahead: every STS replica is asked, and one that hangs must not hold the page up. */
export default async function KeysPage() {
  await requireActor("keys.list");
  return <KeysClient />;
}
