import type { Metadata } from "next";
import { Hydrate } from "@/server/trpc/hydrate";
import { orNotFound, requireActor } from "@/server/trpc/server-caller";
import { EventClient } from "./client";

export const metadata: Metadata = { title: "Audit event" };

type Props = {
  readonly params: Promise<{ readonly id: string }>;
  readonly searchParams: Promise<Readonly<Record<string, string | string[] | undefined>>>;
};

/** One audit event at an address of its own; without `at` the newest of the id. */
export default async function EventPage({ params, searchParams }: Props) {
  await requireActor("audit.event");
  const id = decodeURIComponent((await params).id);
  const { at } = await searchParams;
  const event = await orNotFound((caller) =>
    caller.audit.event({ id, occurredAt: typeof at === "string" ? at : undefined }),
  );
  return (
    <Hydrate>
      <EventClient event={event} />
    </Hydrate>
  );
}
