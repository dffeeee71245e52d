"use client";

import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import { AnchorsPanel } from "@/components/audit/anchors-panel";
import { progressOf, scopeWords, verdictOf } from "@/components/audit/check-words";
import { ZoneBars } from "@/components/audit/zone-bars";
import { ArchiveTroubles } from "@/components/audit/archive-troubles";
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
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
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
          {zone === null ? (
            <Button disabled={start.isPending} onClick={() => start.mutate({ scope: "new" })}>
              Check what is new
            </Button>
          ) : (
            <WindowCheck
              pending={start.isPending}
              onStart={(window) => start.mutate({ zoneId: zone, scope: "window", window })}
            />
          )}
        </search>
      ) : null}
      <ZoneBars />
      <AnchorsPanel />
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
              <span className="text-muted-foreground">{scopeWords(check)}</span>
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

/** A window of one zone: by the seqs of its chain, or by times in UTC. */
function WindowCheck({
  pending,
  onStart,
}: {
  pending: boolean;
  onStart: (window: { from: string; to: string | null }) => void;
}) {
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  return (
    <form
      className="flex flex-wrap items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        onStart({ from: from.trim(), to: to.trim() === "" ? null : to.trim() });
      }}
    >
      <Field label="From seq or time">
        {(ids) => (
          <Input
            {...ids}
            value={from}
            onChange={(event) => setFrom(event.target.value)}
            placeholder="1200 or 2026-11-28T02:00:00Z"
          />
        )}
      </Field>
      <Field label="To">
        {(ids) => <Input {...ids} value={to} onChange={(event) => setTo(event.target.value)} placeholder="its end" />}
      </Field>
      <Button type="submit" disabled={pending || from.trim() === ""}>
        Check this window
      </Button>
    </form>
  );
}
