"use client";

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter, useSearchParams } from "next/navigation";
import { toast } from "sonner";
import {
  findingSentence,
  neededOf,
  progressOf,
  scopeWords,
  verdictOf,
  witnessWords,
} from "@/components/audit/check-words";
import { CheckZones } from "@/components/audit/check-zones";
import { type DataColumn, DataTable } from "@/components/data-table/data-table";
import { LoadMore } from "@/components/data-table/load-more";
import { useZoneNames } from "@/components/data-table/use-zone-names";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { utcStamp } from "@/components/lib/utc";
import { panelStateOf, reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Badge } from "@/components/ui/badge";
import { Button, buttonStyle } from "@/components/ui/button";
import { Fact, Facts } from "@/components/wizard/facts";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import type { CheckFinding, CheckView } from "@/server/audit/checks/schemas";
import { mayCall } from "@/server/auth/policy";

const number = (value: number) => value.toLocaleString("en-US");

export function CheckClient({ initial }: { initial: CheckView }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const person = usePerson();
  const query = useQuery(
    trpc.audit.check.queryOptions(
      { checkId: initial.id },
      { initialData: initial, refetchInterval: ({ state }) => (state.data?.finishedAt === null ? 1_000 : false) },
    ),
  );
  const check = query.data;
  const cancelling = useMutation(trpc.audit.cancelCheck.mutationOptions());
  async function cancel(): Promise<boolean> {
    try {
      await cancelling.mutateAsync({ checkId: check.id });
      return true;
    } catch (error) {
      toast.error(reasonOf(error));
      return false;
    } finally {
      await client.invalidateQueries({ queryKey: trpc.audit.check.queryKey({ checkId: check.id }) });
    }
  }
  return (
    <div className="flex flex-col gap-4">
      <header className="flex flex-wrap items-start gap-3">
        <div className="min-w-0 flex-1 basis-72">
          <p className="text-xs text-muted-foreground">
            <Link href="/audit/checks" className="underline underline-offset-2 hover:text-foreground">
              Checks of the audit chain
            </Link>
          </p>
          <h1 className="flex flex-wrap items-center gap-2">
            {check.zone === null ? "Every zone" : check.zone.name}
            <Badge tone={check.finishedAt === null ? "strong" : "neutral"}>{check.state}</Badge>
          </h1>
          <p className="text-muted-foreground">
            {scopeWords(check)} · {check.verifier} · ordered by {check.requestedBy} <TimeStamp at={check.requestedAt} />
            {check.timesTaken > 1 ? ` · gone on with ${check.timesTaken - 1} times after it was cut off` : null}
          </p>
        </div>
        {check.finishedAt === null && !check.cancelAsked && mayCall("audit.cancelCheck", person.roles) ? (
          <ConfirmAct label="Stop" title="Stop this check?" confirm="Yes, stop it" onConfirm={cancel}>
            <p>Nothing is lost but its work: another can be ordered at any time.</p>
          </ConfirmAct>
        ) : null}
      </header>
      <Panel title="Verdict">
        <div className="flex flex-col gap-2 px-3 py-3">
          <p role="status" className="font-medium">
            {check.totals !== null
              ? verdictOf(check.totals)
              : check.finishedAt === null
                ? progressOf(check)
                : "Stopped before its end: nothing can be said."}
          </p>
          {check.error === null ? null : (
            <p role="alert">It does not get on just now and is tried again: {check.error}</p>
          )}
          {check.witnesses === null ? null : <Heard check={check} />}
        </div>
      </Panel>
      {/* read once more when it has ended */}
      <CheckZones key={check.state} checkId={check.id} running={check.finishedAt === null} />
      {check.state === "finished" ? <Findings checkId={check.id} /> : null}
    </div>
  );
}

/** When an entry was added, from its id. */
const entryTime = (id: string) => `${utcStamp(Number(id.split("-")[0]), Date.now())} (${id})`;

function Heard({ check: { witnesses } }: { check: CheckView }) {
  if (witnesses === null) return null;
  const { stream } = witnesses;
  return (
    <>
      <Facts>
        <Fact name="The rows themselves">heard</Fact>
        <Fact name="Their seals">{witnesses.seal ? "heard" : "not heard"}</Fact>
        <Fact name="The stream">
          {stream === null
            ? "not heard"
            : `heard: ${number(stream.entries)} entries${stream.from === null ? "" : `, from ${entryTime(stream.from)} to ${entryTime(stream.to ?? "")}: older rows have no copy there any more`}`}
        </Fact>
        <Fact name="Heads anchored earlier">
          {witnesses.anchors === 0 ? "none yet" : `heard: ${number(witnesses.anchors)}`}
        </Fact>
      </Facts>
      {witnesses.note === null ? null : <p>{witnesses.note}</p>}
    </>
  );
}

const gone: ReadonlySet<CheckFinding["finding"]> = new Set(["row_deleted", "tail_truncated", "retention_gap"]);

/** Opens the row beside its signed copy, column by column. */
function OpenEvent({ eventId }: { eventId: string }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const router = useRouter();
  async function open() {
    try {
      const { id, occurredAt } = await client.fetchQuery(trpc.audit.findingPlace.queryOptions({ eventId }));
      router.push(`/audit?event=${encodeURIComponent(id)}&at=${encodeURIComponent(occurredAt)}`);
    } catch (error) {
      toast.error(reasonOf(error));
    }
  }
  return (
    <Button size="sm" onClick={() => void open()} aria-label={`Open event ${eventId}: stored against signed`}>
      Stored against signed
    </Button>
  );
}

function Findings({ checkId }: { checkId: string }) {
  const trpc = useTRPC();
  const zoneName = useZoneNames();
  const chosen = useSearchParams().get("finding");
  const query = useInfiniteQuery(
    trpc.audit.findings.infiniteQueryOptions({ checkId }, { getNextPageParam: (page) => page.nextCursor }),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  const columns: readonly DataColumn<CheckFinding>[] = [
    { id: "zone", header: "Zone", cell: (row) => zoneName(row.zoneId) },
    {
      id: "seq",
      header: "Chain seq",
      numeric: true,
      cell: (row) => (row.chainSeq === null ? "all" : number(row.chainSeq)),
    },
    {
      id: "finding",
      header: "Finding",
      cell: (row) => <span className="font-medium">{findingSentence(row)}</span>,
    },
    { id: "columns", header: "Columns", cell: (row) => row.columns.join(", ") },
    {
      id: "event",
      header: "Event",
      cell: (row) =>
        row.eventId === null ? (
          <span className="text-muted-foreground">unknown</span>
        ) : (
          <span className="flex flex-wrap items-center gap-2">
            <CopyText text={row.eventId} what="event" />
            {!gone.has(row.finding) ? (
              <OpenEvent eventId={row.eventId} />
            ) : row.streamEntry === null ? null : (
              <Link
                href={`/audit/events/${encodeURIComponent(row.eventId)}?entry=${encodeURIComponent(row.streamEntry)}`}
                className={buttonStyle("outline", "sm")}
                aria-label={`What was signed of event ${row.eventId}, whose row is gone`}
              >
                What was signed
              </Link>
            )}
          </span>
        ),
    },
    { id: "needed", header: "What it took", cell: (row) => neededOf(row) },
    { id: "witnesses", header: "Told by", cell: (row) => row.witnesses.map((one) => witnessWords[one]).join(", ") },
  ];
  return (
    <Panel
      title="Findings"
      note="one for each affected row, in the order of the chain"
      state={panelStateOf(query, { when: rows.length === 0, sentence: "Nothing was found." })}
    >
      <DataTable
        label="Findings"
        columns={columns}
        rows={rows}
        rowKey={(row) => String(row.n)}
        selectedKey={chosen}
        footer={<LoadMore shown={rows.length} one="finding" many="findings" query={query} />}
      />
    </Panel>
  );
}
