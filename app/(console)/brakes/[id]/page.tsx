import type { Metadata } from "next";
import { orNotFound, requireActor } from "@/server/trpc/server-caller";
import { FreezeClient } from "./client";

export const metadata: Metadata = { title: "Freeze" };

type Props = { readonly params: Promise<{ readonly id: string }> };

/** One freeze, from the approval to the thaw, with its proof on every STS replica. */
export default async function FreezePage({ params }: Props) {
  await requireActor("brakes.freeze");
  const { id } = await params;
  const freeze = await orNotFound((caller) => caller.brakes.freeze({ freezeId: id }));
  return <FreezeClient initial={freeze} />;
}
