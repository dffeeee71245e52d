"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { toast } from "sonner";
import { comparisonProgress, outcomeOf } from "@/components/audit/archive-words";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Badge } from "@/components/ui/badge";
import { buttonStyle } from "@/components/ui/button";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { Fact, Facts } from "@/components/wizard/facts";
import type { ComparisonView } from "@/server/audit/comparisons/schemas";
import { mayCall } from "@/server/auth/policy";
import { ArchiveFiles } from "./archive-files";
import { Differences } from "./differences";

const number = (value: number) => value.toLocaleString("en-US");
const hour = (at: string) => `${at.slice(0, 10)} ${at.slice(11, 16)}`;

export function ComparisonClient({ initial }: { initial: ComparisonView }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const person = usePerson();
  const query = useQuery(
    trpc.audit.comparison.queryOptions(
      { comparisonId: initial.id },
      { initialData: initial, refetchInterval: ({ state }) => (state.data?.finishedAt === null ? 1_000 : false) },
    ),
  );
  const one = query.data;
  const cancelling = useMutation(trpc.audit.cancelComparison.mutationOptions());
  async function cancel(): Promise<boolean> {
    try {
      await cancelling.mutateAsync({ comparisonId: one.id });
      return true;
    } catch (error) {
      toast.error(reasonOf(error));
      return false;
    } finally {
      await client.invalidateQueries({ queryKey: trpc.audit.comparison.queryKey({ comparisonId: one.id }) });
    }
  }
  return (
    <div className="flex flex-col gap-4">
      <header className="flex flex-wrap items-start gap-3">
        <div className="min-w-0 flex-1 basis-72">
          <p className="text-xs text-muted-foreground">
            <Link href="/audit/archive" className="underline underline-offset-2 hover:text-foreground">
              Comparison with the archive
            </Link>
          </p>
          <h1 className="flex flex-wrap items-center gap-2">
            {one.zone === null ? "Every zone" : one.zone.name}
            <Badge tone={one.finishedAt === null ? "strong" : "neutral"}>{one.state}</Badge>
          </h1>
          <p className="text-muted-foreground">
            {one.comparer} · ordered by {one.requestedBy} <TimeStamp at={one.requestedAt} />
          </p>
        </div>
        {one.finishedAt === null && !one.cancelAsked && mayCall("audit.cancelComparison", person.roles) ? (
          <ConfirmAct label="Stop" title="Stop this comparison?" confirm="Yes, stop it" onConfirm={cancel}>
            <p>Nothing is lost but its work: another can be ordered at any time.</p>
          </ConfirmAct>
        ) : null}
        {one.state === "finished" ? (
          <a className={buttonStyle("outline")} href={`/api/exports/archive-comparison?comparisonId=${one.id}`}>
            Export as CSV
          </a>
        ) : null}
      </header>
      <Panel title="Outcome">
        <div className="flex flex-col gap-2 px-3 py-3">
          <p role="status" className="font-medium">
            {one.totals !== null
              ? outcomeOf(one.totals)
              : one.finishedAt === null
                ? comparisonProgress(one)
                : "Stopped before its end: nothing can be said."}
          </p>
          {one.error === null ? null : <p role="alert">It does not get on just now and is tried again: {one.error}</p>}
          <Compared one={one} />
        </div>
      </Panel>
      {one.state === "finished" ? (
        <>
          <Differences comparisonId={one.id} />
          <ArchiveFiles comparisonId={one.id} />
        </>
      ) : null}
    </div>
  );
}

function Compared({ one: { heard, compared, totals } }: { one: ComparisonView }) {
  if (heard === null || totals === null) return null;
  return (
    <>
      <Facts>
        <Fact name="Archive">{heard.archive}</Fact>
        <Fact name="Hours of ingestion">
          {compared === null
            ? "none"
            : `${hour(compared.from)} to ${hour(compared.to)} UTC, ${number(totals.files)} files read`}
        </Fact>
        <Fact name="Exporter">
          {heard.watermark === null
            ? "has not said that it exported anything"
            : `has exported up to the hour of ${hour(heard.watermark)} UTC${heard.behindHours === null ? "; later hours are not exported yet" : `: ${number(heard.behindHours)} hours behind, it stands still`}`}
        </Fact>
        {totals.gone_by_retention === 0 ? null : (
          <Fact name="Gone by retention">
            {number(totals.gone_by_retention)} archived events whose month was dropped: not missing
          </Fact>
        )}
        {totals.not_compared === 0 ? null : (
          <Fact name="Not compared">{number(totals.not_compared)} rows of hours without a usable export</Fact>
        )}
        {totals.archive_changed === 0 ? null : (
          <Fact name="The archive's fault">
            {number(totals.archive_changed)} where the row still gives its sealed hash: the export was changed
          </Fact>
        )}
      </Facts>
      {heard.note === null ? null : <p>{heard.note}</p>}
    </>
  );
}
