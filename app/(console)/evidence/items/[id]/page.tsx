import type { Metadata } from "next";
import { orNotFound, requireActor } from "@/server/trpc/server-caller";
import { ItemClient } from "./client";

export const metadata: Metadata = { title: "Preserved evidence" };

type Props = { readonly params: Promise<{ readonly id: string }> };

/** One item of the vault: how far it is, its files with their digests, and who had it in hands. */
export default async function ItemPage({ params }: Props) {
  await requireActor("vault.get");
  const { id } = await params;
  const item = await orNotFound((caller) => caller.vault.get({ itemId: id }));
  return <ItemClient initial={item} />;
}
