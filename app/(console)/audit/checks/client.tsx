"use client";

import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import { ArchiveTroubles } from "@/components/audit/archive-troubles";
import { progressOf, verdictOf } from "@/components/audit/check-words";
import { LoadMore } from "@/components/data-table/load-more";
import { PageTitle } from "@/components/data-table/page-title";
import { ZonePicker } from "@/components/data-table/zone-picker";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf, reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { mayCall } from "@/server/auth/policy";

export function ChecksClient() {
  const trpc = useTRPC();
  const router = useRouter();
  const person = usePerson();
  const [zone, setZone] = useState<string | null>(null);
  const query = useInfiniteQuery(
    trpc.audit.checks.infiniteQueryOptions(
      { limit: 20 },
      {
        getNextPageParam: (page) => page.nextCursor,
        refetchInterval: ({ state }) =>
          state.data?.pages.some(({ rows }) => rows.some(({ finishedAt }) => finishedAt === null)) ? 2_000 : false,
      },
    ),
  );
  const start = useMutation(
    trpc.audit.startCheck.mutationOptions({
      onSuccess: ({ checkId }) => router.push(`/audit/checks/${checkId}`),
      onError: (error) => toast.error(reasonOf(error)),
    }),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <div className="flex flex-col gap-4">
      <PageTitle title="Checks of the audit chain">
        Each row by what it can prove: its own columns, its seal, its place, and the signed copy that the stream still
        holds. Caracal's own mismatch counter is noise on this release. Nothing is written to Caracal.
      </PageTitle>
      {mayCall("audit.startCheck", person.roles) ? (
        <search className="flex flex-wrap items-end gap-3">
          <ZonePicker value={zone} onChange={setZone} />
          <Button variant="primary" disabled={start.isPending} onClick={() => start.mutate({ zoneId: zone })}>
            {zone === null ? "Check every zone" : "Check this zone"}
          </Button>
        </search>
      ) : null}
      <ArchiveTroubles />
      <Panel
        title="Checks, newest first"
        state={panelStateOf(query, { when: rows.length === 0, sentence: "No check was made yet." })}
      >
        <ul>
          {rows.map((check) => (
            <li
              key={check.id}
              className="flex flex-wrap items-baseline gap-x-3 gap-y-1 border-b px-3 py-2 last:border-b-0"
            >
              <Link href={`/audit/checks/${check.id}`} className="font-medium text-accent underline underline-offset-2">
                {check.zone === null ? "Every zone" : check.zone.name}
              </Link>
              <Badge tone={check.finishedAt === null ? "strong" : "neutral"}>{check.state}</Badge>
              <span className="min-w-0 flex-1 basis-60">
                {check.totals !== null
                  ? verdictOf(check.totals)
                  : check.finishedAt === null
                    ? progressOf(check)
                    : "Stopped."}
              </span>
              <span className="text-xs text-muted-foreground">
                {check.requestedBy} <TimeStamp at={check.requestedAt} />
              </span>
            </li>
          ))}
        </ul>
        <LoadMore shown={rows.length} one="check" many="checks" query={query} />
      </Panel>
    </div>
  );
}
