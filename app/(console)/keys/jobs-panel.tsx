"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { toast } from "sonner";
import { requestHref } from "@/components/approvals/request-model";
import { isOver, jobTitle, progressWords, stateWords } from "@/components/keys/key-job-words";
import { SealBars } from "@/components/keys/seal-bars";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf, reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Badge } from "@/components/ui/badge";
import { Button, buttonStyle } from "@/components/ui/button";
import { mayCall } from "@/server/auth/policy";

const shown = 8;

/** The newest inventory as it found things, what is asked for from it, and the jobs that ran. */
export function JobsPanel() {
  const trpc = useTRPC();
  const router = useRouter();
  const person = usePerson();
  const query = useQuery(
    trpc.keys.jobs.queryOptions(
      { limit: shown },
      { refetchInterval: ({ state }) => (state.data?.rows.some((job) => !isOver(job)) ? 1_000 : 10_000) },
    ),
  );
  const start = useMutation(
    trpc.keys.startInventory.mutationOptions({
      onSuccess: ({ jobId }) => router.push(`/keys/jobs/${jobId}`),
      onError: (error) => toast.error(reasonOf(error)),
    }),
  );
  const jobs = query.data?.rows ?? [];
  const inventory = jobs.find((job) => job.kind === "inventory" && job.state === "finished");
  return (
    <>
      <Panel
        title="What opens under which key"
        note={
          inventory?.finishedAt ? (
            <>
              as of <TimeStamp at={inventory.finishedAt} />
            </>
          ) : null
        }
        actions={
          mayCall("keys.startInventory", person.roles) ? (
            <Button size="sm" disabled={start.isPending} onClick={() => start.mutate()}>
              Take an inventory
            </Button>
          ) : null
        }
        state={panelStateOf(query, {
          when: inventory === undefined,
          sentence:
            "No inventory yet. It reads every sealed value and every zone's keys, changes nothing, and is the dry run of a re-encryption.",
        })}
      >
        {inventory?.counts ? (
          <SealBars
            counts={inventory.counts}
            from={inventory.fromKek ?? "key in use"}
            to={inventory.toKek ?? "next key"}
          />
        ) : null}
        {inventory === undefined ? null : (
          <p className="border-t px-3 py-2">
            {inventory.sentence}{" "}
            <Link href={`/keys/jobs/${inventory.id}`} className="text-accent underline underline-offset-2">
              Zone by zone
            </Link>
          </p>
        )}
        <div className="flex flex-wrap gap-2 border-t px-3 py-2">
          <Link className={buttonStyle("outline", "sm")} href={requestHref("re-encrypt-kek", { direction: "forward" })}>
            Ask to re-encrypt everything
          </Link>
          <Link
            className={buttonStyle("outline", "sm")}
            href={requestHref("rotate-zone-key", { whole: true, mode: "compromise" })}
          >
            Ask to rotate every zone's key
          </Link>
        </div>
      </Panel>
      <Panel title="Key jobs" state={panelStateOf(query, { when: jobs.length === 0, sentence: "No job has run yet." })}>
        <ul>
          {jobs.map((job) => (
            <li
              key={job.id}
              className="flex flex-wrap items-baseline gap-x-3 gap-y-1 border-b px-3 py-2 last:border-b-0"
            >
              <Link href={`/keys/jobs/${job.id}`} className="font-medium text-accent underline underline-offset-2">
                {jobTitle(job)}
              </Link>
              <Badge tone={isOver(job) ? "neutral" : "strong"}>{stateWords(job)}</Badge>
              <span className="min-w-0 flex-1 basis-60 text-muted-foreground">
                {isOver(job) ? job.sentence : progressWords(job)}
              </span>
              <span className="text-xs text-muted-foreground">
                {job.requestedBy.name} <TimeStamp at={job.requestedAt} />
              </span>
            </li>
          ))}
        </ul>
      </Panel>
    </>
  );
}
