"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { toast } from "sonner";
import { TimeStamp } from "@/components/lib/time-stamp";
import { reasonOf } from "@/components/live/panel-state-of";
import { type RouterOutputs, useTRPC } from "@/components/live/trpc";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { Fact, Facts } from "@/components/wizard/facts";

type Open = NonNullable<RouterOutputs["approvals"]["breakGlassState"]["open"]>;

/** Who holds more roles, until when, and the way to end it early. */
export function OpenNow({ open }: { open: Open }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const end = useMutation(
    trpc.approvals.breakGlassEnd.mutationOptions({
      onError: (error) => void toast.error(reasonOf(error)),
      onSettled: () => client.invalidateQueries({ queryKey: trpc.approvals.pathKey() }),
    }),
  );
  return (
    <>
      <p className="font-medium">
        It is open. {open.first.name} and {open.second?.name ?? "somebody"} hold more roles than they were given.
      </p>
      <Facts>
        <Fact name="Ends by itself">
          <TimeStamp at={open.expiresAt} />
        </Fact>
        <Fact name="Opened">
          <TimeStamp at={open.openedAt} />
        </Fact>
        <Fact name="Why">{open.reason}</Fact>
        <Fact name="Incident">
          <Link href={`/incidents/${open.incident.id}`} className="text-accent underline underline-offset-2">
            INC-{open.incident.number}
          </Link>
        </Fact>
      </Facts>
      <div>
        <ConfirmAct
          label="End it now"
          variant="primary"
          title="End break-glass now?"
          confirm="Yes, end it"
          disabled={end.isPending}
          onConfirm={() =>
            end.mutateAsync({ id: open.id }).then(
              () => true,
              () => false,
            )
          }
        >
          <p>Both lose the added roles with their next request. A review is then owed before the incident can close.</p>
        </ConfirmAct>
      </div>
    </>
  );
}
