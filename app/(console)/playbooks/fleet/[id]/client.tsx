"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { toast } from "sonner";
import { type DataColumn, DataTable } from "@/components/data-table/data-table";
import { RowLink } from "@/components/data-table/row-opener";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf, reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Button } from "@/components/ui/button";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { mayCall } from "@/server/auth/policy";
import type { FleetView } from "@/server/playbooks/schemas";

type Run = FleetView["runs"][number];
const number = (value: number) => value.toLocaleString("en-US");
const isOpen = ({ state }: Run) => state === "revoke" || state === "verify";
const isProved = (run: Run) =>
  run.state === "verify" && run.swept && !run.sweeping && run.total === run.proved && run.live === 0;

export function FleetClient({ initial }: { initial: FleetView }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const person = usePerson();
  const query = useQuery(
    trpc.playbooks.fleet.queryOptions(
      { approvalId: initial.approvalId },
      { initialData: initial, refetchInterval: ({ state }) => (state.data?.runs.some(isOpen) ? 2_000 : 30_000) },
    ),
  );
  const fleet = query.data;
  const sweeping = useMutation(trpc.playbooks.sweepAgain.mutationOptions());
  const going = useMutation(trpc.playbooks.startWaiting.mutationOptions());
  const [progress, setProgress] = useState<string | null>(null);

  /** One after the other, each on its own record; what one refuses does not stop the rest. */
  async function each(runs: readonly Run[], doing: string, act: (runId: string) => Promise<unknown>): Promise<boolean> {
    const refused: string[] = [];
    for (const [at, { id, zone }] of runs.entries()) {
      setProgress(`${doing} ${at + 1} of ${runs.length}: ${zone.name}`);
      await act(id).catch((error: unknown) => refused.push(`${zone.name}: ${reasonOf(error)}`));
    }
    setProgress(null);
    await client.invalidateQueries({ queryKey: trpc.playbooks.fleet.queryKey({ approvalId: fleet.approvalId }) });
    if (refused.length > 0) toast.error(refused.slice(0, 3).join(" "));
    return true;
  }

  const proved = fleet.runs.filter(isProved);
  const unswept = fleet.runs.filter(
    (run) => run.state === "verify" && !run.sweeping && (!run.swept || (run.live ?? 0) > 0),
  );
  const open = fleet.runs.filter(isOpen).length;
  const columns: readonly DataColumn<Run>[] = [
    {
      id: "zone",
      header: "Zone",
      cell: (run) => <RowLink href={`/playbooks/runs/${run.id}`}>{run.zone.name}</RowLink>,
    },
    { id: "state", header: "Step", cell: (run) => run.state },
    { id: "proved", header: "Proved", numeric: true, cell: (run) => `${number(run.proved)} of ${number(run.total)}` },
    {
      id: "live",
      header: "Live now",
      numeric: true,
      cell: (run) => (run.live === null ? "not read" : number(run.live)),
    },
    { id: "summary", header: "What is missing", className: "whitespace-normal min-w-64", cell: (run) => run.summary },
    {
      id: "seen",
      header: "Looked at",
      numeric: true,
      cell: (run) => (run.observedAt === null ? "not yet" : <TimeStamp at={run.observedAt} />),
    },
  ];
  return (
    <div className="flex flex-col gap-4">
      <header>
        <p className="text-xs text-muted-foreground">
          <Link href="/playbooks" className="underline underline-offset-2 hover:text-foreground">
            Playbooks
          </Link>
        </p>
        <h1>Revocation in {number(fleet.runs.length)} zones</h1>
        <p className="text-muted-foreground">
          As{" "}
          <Link href={`/approvals/${fleet.approvalId}`} className="text-accent underline underline-offset-2">
            two people agreed
          </Link>
          . Each zone has a run of its own, with its own proof.
        </p>
      </header>
      <Panel
        title="All together"
        actions={
          <div className="flex flex-wrap gap-2">
            {unswept.length > 0 && mayCall("playbooks.sweepAgain", person.roles) ? (
              <ConfirmAct
                label={`Sweep again in ${number(unswept.length)} zones`}
                size="sm"
                title={`Sweep again in ${number(unswept.length)} zones?`}
                confirm="Yes, sweep again"
                disabled={progress !== null}
                onConfirm={() => each(unswept, "Sweeping", (runId) => sweeping.mutateAsync({ runId }))}
              >
                <p>Every session of those zones that was made since is revoked too. Each zone needs this once.</p>
              </ConfirmAct>
            ) : null}
            {proved.length > 0 && mayCall("playbooks.startWaiting", person.roles) ? (
              <Button
                size="sm"
                variant="primary"
                disabled={progress !== null}
                onClick={() => void each(proved, "Going on", (runId) => going.mutateAsync({ runId }))}
              >
                Go on to wait in {number(proved.length)} proved zones
              </Button>
            ) : null}
          </div>
        }
      >
        <p className="px-3 pt-3 font-medium">
          {number(fleet.proved)} of {number(fleet.total)} revocations proved; {number(fleet.live)} sessions live right
          now; {number(open)} of {number(fleet.runs.length)} zones still open.
        </p>
        <p className="px-3 pb-3" role="status">
          {progress ??
            (fleet.heldUpBy.length === 0
              ? "No consumer group holds anything up."
              : fleet.heldUpBy
                  .map(({ group, missing, zones }) => `${group} lacks ${number(missing)} in ${number(zones)} zones`)
                  .join("; "))}
        </p>
      </Panel>
      <Panel title="Zones, the unproved first" state={panelStateOf(query, { when: false, sentence: "" })}>
        <DataTable label="Zones" columns={columns} rows={fleet.runs} rowKey={(run) => run.id} />
      </Panel>
    </div>
  );
}
