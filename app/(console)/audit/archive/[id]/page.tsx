import type { Metadata } from "next";
import { orNotFound, requireActor } from "@/server/trpc/server-caller";
import { ComparisonClient } from "./client";

export const metadata: Metadata = { title: "Comparison with the archive" };

type Props = { readonly params: Promise<{ readonly id: string }> };

/** One comparison: how far it is, what was held against what, and what does not agree. */
export default async function ComparisonPage({ params }: Props) {
  await requireActor("audit.comparison");
  const { id } = await params;
  const comparison = await orNotFound((caller) => caller.audit.comparison({ comparisonId: id }));
  return <ComparisonClient initial={comparison} />;
}
