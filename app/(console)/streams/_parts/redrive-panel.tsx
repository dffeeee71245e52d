"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { toast } from "sonner";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf, reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { isOver, progressWords, redriveHref, runTitle, stateWords } from "@/components/redrive/redrive-words";
import { usePerson } from "@/components/shell/shell-context";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { mayCall } from "@/server/auth/policy";

/** The way from reading dead letters to dealing with them: a list first, which moves nothing; and what was done before. */
export function RedrivePanel({ stream, empty }: { stream: string; empty: boolean }) {
  const trpc = useTRPC();
  const router = useRouter();
  const person = usePerson();
  const runs = useQuery(trpc.redrive.runs.queryOptions({ stream, limit: 5 }, { refetchInterval: 10_000 }));
  const listing = useMutation(
    trpc.redrive.classify.mutationOptions({
      onSuccess: ({ runId }) => router.push(redriveHref(runId)),
      onError: (error) => toast.error(reasonOf(error)),
    }),
  );
  const rows = runs.data?.rows ?? [];
  const open = rows.find((run) => !isOver(run) && run.state !== "planned");
  return (
    <Panel
      title="Redrive"
      note="What is missing from the log can go back as it was. Every letter is looked at first, and nothing is moved by that."
      actions={
        open !== undefined || !mayCall("redrive.classify", person.roles) ? null : (
          <Button
            size="sm"
            variant="primary"
            disabled={listing.isPending || empty}
            onClick={() => listing.mutate({ stream })}
          >
            {listing.isPending ? "Listing" : "List and classify"}
          </Button>
        )
      }
      state={panelStateOf(runs, { when: rows.length === 0, sentence: "Nothing of this stream was redriven yet." })}
    >
      <ul>
        {rows.map((run) => (
          <li key={run.id} className="flex flex-wrap items-baseline gap-x-3 gap-y-1 border-b px-3 py-2 last:border-0">
            <Link href={redriveHref(run.id)} className="font-medium underline underline-offset-2 hover:no-underline">
              {runTitle(run)}
            </Link>
            <Badge tone={isOver(run) ? "neutral" : "strong"}>{stateWords(run)}</Badge>
            <span className="min-w-0">{progressWords(run)}</span>
            <span className="text-xs text-muted-foreground sm:ml-auto">
              {run.startedBy ?? run.requestedBy} <TimeStamp at={run.startedAt ?? run.requestedAt} />
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
