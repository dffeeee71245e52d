"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Badge } from "@/components/ui/badge";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { mayCall } from "@/server/auth/policy";
import { useStreamAct } from "./use-stream-act";
import type { StreamActKind } from "@/server/streams/acts/schemas";

const words: Readonly<Record<StreamActKind, string>> = {
  claim: "Claim",
  "claim-back": "Claim taken back",
  ack: "Acknowledgement",
  "destroy-consumer": "Consumer removed",
};

/** What was done to the groups of a stream by the console, newest first, and the claims that can be taken back. */
export function ActsPanel({ stream }: { stream: string }) {
  const trpc = useTRPC();
  const person = usePerson();
  const query = useQuery(trpc.streams.acts.queryOptions({ stream }, { refetchInterval: 5_000 }));
  const back = useMutation(trpc.streams.claimBack.mutationOptions());
  const acts = query.data ?? [];
  const acting = useStreamAct();
  return (
    <Panel
      title="What was done here"
      note="The newest 25; each is on the record"
      state={panelStateOf(query, {
        when: acts.length === 0,
        sentence: "Nobody has claimed, acknowledged or removed anything from here.",
      })}
    >
      <ul>
        {acts.map((act) => (
          <li key={act.id} className="flex flex-wrap items-baseline gap-x-3 gap-y-1 border-b px-3 py-2 last:border-b-0">
            <Badge tone={act.state === "done" ? "neutral" : "strong"}>
              {act.state === "done" ? words[act.kind] : "under way"}
            </Badge>
            <span className="min-w-0 flex-1 basis-64">
              {act.sentence} <span className="font-mono text-xs text-muted-foreground">{act.group}</span>
              <span className="block text-xs text-muted-foreground">
                {act.by}: {act.reason}
              </span>
            </span>
            {act.approvalId === null ? null : (
              <Link href={`/approvals/${act.approvalId}`} className="text-accent underline underline-offset-2">
                Approval
              </Link>
            )}
            <TimeStamp at={act.orderedAt} />
            {act.canBeTakenBack && mayCall("streams.claimBack", person.roles) ? (
              <ConfirmAct
                label="Take back"
                size="sm"
                title="Give these entries back?"
                confirm="Yes, give them back"
                reasonLabel="Why"
                onConfirm={(reason) => acting(back.mutateAsync({ actId: act.id, reason }))}
              >
                <p>What {act.consumer} still holds of this claim goes back to whom it was claimed from. Once.</p>
              </ConfirmAct>
            ) : null}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
