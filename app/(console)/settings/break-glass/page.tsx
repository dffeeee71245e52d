import type { Metadata } from "next";
import { requireActor } from "@/server/trpc/server-caller";
import { BreakGlassClient } from "./client";

export const metadata: Metadata = { title: "Break-glass" };

/** More roles for two named people for a short while, when nobody else can be reached: its state, and the ways in and out. */
export default async function BreakGlassPage() {
  await requireActor("approvals.breakGlassState");
  return <BreakGlassClient />;
}
