import type { Metadata } from "next";
import { requireActor } from "@/server/trpc/server-caller";
import { SettingsClient } from "./client";

export const metadata: Metadata = { title: "Settings" };

/** What is configured, who may do what, and who is signed in. */
export default async function SettingsPage() {
  await requireActor("system.configuration");
  return <SettingsClient />;
}
