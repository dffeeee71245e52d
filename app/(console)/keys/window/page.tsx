import type { Metadata } from "next";
import { requireActor } from "@/server/trpc/server-caller";
import { WindowClient } from "./client";

export const metadata: Metadata = { title: "Window of the compromise" };

/** Not fetched ahead: a week of a busy deployment takes seconds to count. */
export default async function WindowPage() {
  await requireActor("keys.windowIssuances");
  return <WindowClient renderedAt={Date.now()} />;
}
