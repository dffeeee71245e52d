import type { Metadata } from "next";
import { StreamsClient } from "./client";

export const metadata: Metadata = { title: "Streams" };

/** All streams by trouble. Everything here is in the snapshot the layout renders with. */
export default function StreamsPage() {
  return <StreamsClient />;
}
