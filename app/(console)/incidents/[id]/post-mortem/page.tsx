import type { Metadata } from "next";
import { orNotFound, requireActor } from "@/server/trpc/server-caller";
import { PostMortemClient } from "./client";

export const metadata: Metadata = { title: "Post-mortem" };

type Props = { readonly params: Promise<{ readonly id: string }> };

/** The post-mortem of one incident: what was measured, what people wrote over the draft, who signed it. */
export default async function PostMortemPage({ params }: Props) {
  await requireActor("postMortems.get");
  const { id } = await params;
  const view = await orNotFound((caller) => caller.postMortems.get({ incidentId: id }));
  return <PostMortemClient initial={view} />;
}
