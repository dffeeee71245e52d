"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Badge } from "@/components/ui/badge";
import type { RequeueView } from "@/server/outbox/schemas";

function standing({ state, result, error }: RequeueView): string {
  if (error !== null) return `tried again until it is done: ${error}`;
  if (state === "ordered") return "on record, about to be done";
  if (result === null) return "due again";
  return `${result.published} published, ${result.waiting} waiting, ${result.dead} dead again`;
}

/** What two people had tried again, and what became of it. */
export function Requeues({ outbox }: { outbox: RequeueView["outbox"] }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.outbox.requeues.queryOptions({ outbox }, { refetchInterval: 3_000 }));
  const requeues = query.data ?? [];
  return (
    <Panel
      title="Tried again"
      note="Followed until each row is published, or dead again"
      state={panelStateOf(query, { when: requeues.length === 0, sentence: "No dead row of it was ever tried again." })}
    >
      <ul>
        {requeues.map((one) => (
          <li key={one.id} className="flex flex-wrap items-baseline gap-x-3 gap-y-1 border-b px-3 py-2 last:border-b-0">
            <Badge tone={one.state === "done" ? "neutral" : "strong"}>
              {one.state === "done" ? "done" : "under way"}
            </Badge>
            <span className="min-w-0 flex-1 basis-64">
              {one.rows} {one.rows === 1 ? "row" : "rows"}: {standing(one)}
              <span className="block text-xs text-muted-foreground">
                {one.by}: {one.reason}
              </span>
            </span>
            <Link href={`/approvals/${one.approvalId}`} className="text-accent underline underline-offset-2">
              Approval
            </Link>
            <TimeStamp at={one.orderedAt} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}
