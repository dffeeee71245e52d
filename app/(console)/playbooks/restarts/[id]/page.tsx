import type { Metadata } from "next";
import { orNotFound, requireActor } from "@/server/trpc/server-caller";
import { RestartOrderClient } from "./client";

export const metadata: Metadata = { title: "Restart of a service" };

type Props = { readonly params: Promise<{ readonly id: string }> };

/** The restarts that were ordered together, and what came of each. */
export default async function RestartOrderPage({ params }: Props) {
  await requireActor("services.order");
  const { id } = await params;
  const order = await orNotFound((caller) => caller.services.order({ orderId: id }));
  return <RestartOrderClient initial={order} />;
}
