"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { toast } from "sonner";
import { NumberCell } from "@/components/lib/number-cell";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf, reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Button } from "@/components/ui/button";
import { watchChartData } from "@/components/watches/watch-chart-data";
import { mostSamples, type WatchView } from "@/server/watches/schemas";

const LineChart = dynamic(() => import("@/components/charts/line-chart").then((module) => module.LineChart), {
  ssr: false,
  loading: () => <div className="h-[140px]" />,
});

/** Figures that are watched for an incident, each as a small line with its gaps; ended ones keep theirs. */
export function WatchesPanel({ incidentId, mayAct }: { incidentId: string; mayAct: boolean }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const query = useQuery(trpc.watches.list.queryOptions({ incidentId }, { refetchInterval: 10_000 }));
  const watches = query.data ?? [];
  const unpin = useMutation(
    trpc.watches.unpin.mutationOptions({
      onError: (error) => void toast.error(reasonOf(error)),
      onSettled: () => client.invalidateQueries({ queryKey: trpc.watches.list.queryKey({ incidentId }) }),
    }),
  );
  return (
    <Panel
      title="Watched figures"
      note="every 10 s while it is open"
      state={panelStateOf(query, {
        when: watches.length === 0,
        sentence: "None yet. The pin beside a stream, group or service has the console record its figure here.",
      })}
    >
      <ul>
        {watches.map((watch) => (
          <Watch
            key={watch.id}
            watch={watch}
            unpin={mayAct && watch.unpinnedAt === null ? () => unpin.mutate({ watchId: watch.id }) : null}
            sending={unpin.isPending}
          />
        ))}
      </ul>
    </Panel>
  );
}

function Watch({ watch, unpin, sending }: { watch: WatchView; unpin: (() => void) | null; sending: boolean }) {
  const data = watchChartData(watch);
  return (
    <li className="border-b px-3 py-2 last:border-b-0" data-watch={watch.series}>
      <div className="flex items-start gap-2">
        <h3 className="min-w-0 flex-1 text-sm break-words first-letter:uppercase">{watch.label}</h3>
        {unpin === null ? null : (
          <Button
            size="sm"
            variant="ghost"
            disabled={sending}
            onClick={unpin}
            aria-label={`End the watch of ${watch.label}`}
          >
            Unpin
          </Button>
        )}
      </div>
      <p className="text-xs">
        <span className="text-muted-foreground">now</span> <NumberCell value={watch.last} /> ·{" "}
        <span className="text-muted-foreground">lowest</span> <NumberCell value={watch.lowest} /> ·{" "}
        <span className="text-muted-foreground">highest</span> <NumberCell value={watch.highest} />
      </p>
      <div aria-hidden="true" className="h-[140px] pt-1">
        {data.empty ? (
          <p className="flex h-full items-center justify-center text-muted-foreground">No figure yet</p>
        ) : (
          <LineChart data={data} unit="" />
        )}
      </div>
      <p className="text-xs text-muted-foreground">
        Pinned by {watch.pinnedBy} <TimeStamp at={watch.pinnedAt} show="time" />
        {watch.unpinnedAt === null ? (
          ""
        ) : (
          <>
            , ended by {watch.unpinnedBy} <TimeStamp at={watch.unpinnedAt} show="time" />
          </>
        )}
        {watch.full ? `. ${mostSamples.toLocaleString("en-US")} samples are kept: no more is recorded.` : ""}
      </p>
    </li>
  );
}
