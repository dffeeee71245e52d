import type { Metadata } from "next";
import { OutboxClient } from "./client";

export const metadata: Metadata = { title: "Outboxes" };

/** What waits, fails or was given up on in Caracal's two outboxes. */
export default function OutboxPage() {
  return <OutboxClient />;
}
