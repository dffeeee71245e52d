import type { Metadata } from "next";
import { NowClient } from "./client";

export const metadata: Metadata = { title: "Now" };

/** What is wrong now. Its figures are in the snapshot that the layout renders with. */
export default function NowPage() {
  return <NowClient />;
}
