import type { Metadata } from "next";
import { requireActor } from "@/server/trpc/server-caller";
import { NotificationsClient } from "./client";

export const metadata: Metadata = { title: "Notifications" };

/** Who is told of what, over which channels, and what became of every message. */
export default async function NotificationsPage() {
  await requireActor("notifications.rules");
  return <NotificationsClient />;
}
