"use client";

import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import { comparisonProgress, outcomeOf } from "@/components/audit/archive-words";
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
import { Select } from "@/components/ui/select";
import { mayCall } from "@/server/auth/policy";

const spans = [
  { value: "all", label: "All that is exported", days: null },
  { value: "1", label: "Last 24 hours", days: 1 },
  { value: "7", label: "Last 7 days", days: 7 },
  { value: "31", label: "Last 31 days", days: 31 },
] as const;
type Span = (typeof spans)[number]["value"];

export function ArchiveClient({ zoneFirst }: { zoneFirst: string | null }) {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.audit.comparisons.infiniteQueryOptions(
      { limit: 20 },
      {
        getNextPageParam: (page) => page.nextCursor,
        refetchInterval: ({ state }) =>
          state.data?.pages.some(({ rows }) => rows.some(({ finishedAt }) => finishedAt === null)) ? 2_000 : false,
      },
    ),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <div className="flex flex-col gap-4">
      <PageTitle title="Comparison with the archive">
        Caracal's hourly exports lie outside its database and are never overwritten. Each event in them is held against
        the table, column by column; what is missing or differs on either side is named. Nothing is written anywhere but
        here.
      </PageTitle>
      <Order zoneFirst={zoneFirst} />
      <Panel
        title="Comparisons, newest first"
        state={panelStateOf(query, { when: rows.length === 0, sentence: "Nothing was compared yet." })}
      >
        <ul>
          {rows.map((one) => (
            <li
              key={one.id}
              className="flex flex-wrap items-baseline gap-x-3 gap-y-1 border-b px-3 py-2 last:border-b-0"
            >
              <Link href={`/audit/archive/${one.id}`} className="font-medium text-accent underline underline-offset-2">
                {one.zone === null ? "Every zone" : one.zone.name}
              </Link>
              <Badge tone={one.finishedAt === null ? "strong" : "neutral"}>{one.state}</Badge>
              <span className="min-w-0 flex-1 basis-60">
                {one.totals !== null
                  ? outcomeOf(one.totals)
                  : one.finishedAt === null
                    ? comparisonProgress(one)
                    : "Stopped."}
              </span>
              <span className="text-xs text-muted-foreground">
                {one.requestedBy} <TimeStamp at={one.requestedAt} />
              </span>
            </li>
          ))}
        </ul>
        <LoadMore shown={rows.length} one="comparison" many="comparisons" query={query} />
      </Panel>
    </div>
  );
}

/** Orders a comparison, or says why none can be. */
function Order({ zoneFirst }: { zoneFirst: string | null }) {
  const trpc = useTRPC();
  const router = useRouter();
  const person = usePerson();
  const [zone, setZone] = useState(zoneFirst);
  const [span, setSpan] = useState<Span>("all");
  const archive = useQuery(trpc.audit.archive.queryOptions());
  const start = useMutation(
    trpc.audit.startComparison.mutationOptions({
      onSuccess: ({ comparisonId }) => router.push(`/audit/archive/${comparisonId}`),
      onError: (error) => toast.error(reasonOf(error)),
    }),
  );
  if (archive.data === undefined) return archive.isError ? <p role="alert">{reasonOf(archive.error)}</p> : null;
  if (archive.data.name === null)
    return (
      <p role="status" className="max-w-prose">
        No archive is set. AUDIT_ARCHIVE_FOLDER or AUDIT_ARCHIVE_S3_BUCKET tells the console where Caracal's hourly
        exports lie; reading them is enough.
      </p>
    );
  if (!mayCall("audit.startComparison", person.roles))
    return <p className="text-muted-foreground">A responder, security or compliance can order a comparison.</p>;
  function order() {
    const days = spans.find(({ value }) => value === span)?.days ?? null;
    start.mutate({
      zoneId: zone,
      from: days === null ? null : new Date(Date.now() - days * 86_400_000).toISOString(),
    });
  }
  return (
    <search className="flex flex-wrap items-end gap-3">
      <ZonePicker value={zone} onChange={setZone} />
      <Select label="Exports of" value={span} onChange={setSpan} options={spans} className="w-full sm:w-52" />
      <Button variant="primary" disabled={start.isPending} onClick={order}>
        {zone === null ? "Compare every zone" : "Compare this zone"}
      </Button>
      <p className="basis-full text-xs text-muted-foreground">Archive: {archive.data.name}</p>
    </search>
  );
}
