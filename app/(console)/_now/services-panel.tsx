"use client";

import { cn } from "@/components/lib/cn";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { YesNo } from "@/components/lib/yes-no";
import { NumberCell } from "@/components/lib/number-cell";
import { useLiveStore, useSnapshot } from "@/components/live/live-hooks";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { PinFigure } from "@/components/watches/pin-figure";
import { seriesOfReplica } from "@/components/watches/series-of";
import type { ReplicaState } from "@/server/live/snapshot";
import { shownMovements } from "./movements";
import { metricsWords, replicaWords } from "./replica-words";

const count = new Intl.NumberFormat("en");

function Moved({ replica }: { replica: ReplicaState }) {
  const { movements } = useLiveStore();
  const none = metricsWords(replica);
  if (none !== null) return <span className="text-muted-foreground">{none}</span>;
  const shown = shownMovements(movements.moved(replica.id, replica.metrics), 3);
  if (shown.length === 0) return <span className="text-muted-foreground">none</span>;
  return (
    <ul className="flex flex-col">
      {shown.map((movement) => (
        <li key={movement.metric} className={cn("sm:whitespace-nowrap", !movement.trouble && "text-muted-foreground")}>
          <span className="font-mono text-xs">{movement.metric.replace(/^sts\./, "")}</span> +
          {count.format(movement.by)}
        </li>
      ))}
    </ul>
  );
}

function ReplicaRow({ replica }: { replica: ReplicaState }) {
  const words = replicaWords(replica);
  const repeats = words.reason?.startsWith(words.state) ?? false; // "no answer within 2 s" says both
  const good = words.state === "ready" && words.reason === null;
  return (
    <TableRow>
      <TableCell className="whitespace-nowrap">
        <span className="font-medium" title={replica.url}>
          {replica.id}
        </span>
      </TableCell>
      <TableCell>
        <span className={cn("inline-flex items-center whitespace-nowrap", good ? "text-ok" : "font-semibold")}>
          <YesNo yes={words.state === "ready"} />
          {repeats ? words.reason : words.state}
        </span>
        {words.reason !== null && !repeats ? (
          <span className="block [overflow-wrap:anywhere]">{words.reason}</span>
        ) : null}
        {replica.failingSince !== null ? (
          <span className="block text-xs text-muted-foreground">
            since <TimeStamp at={replica.failingSince} className="whitespace-normal" />
          </span>
        ) : null}
        {!replica.reachable && replica.seenAt !== null ? (
          <span className="block text-xs text-muted-foreground">
            last answer <TimeStamp at={replica.seenAt} className="whitespace-normal" />
          </span>
        ) : null}
        <div className="text-xs sm:hidden">
          <Moved replica={replica} />
        </div>
      </TableCell>
      <TableCell className="hidden sm:table-cell">
        <Moved replica={replica} />
      </TableCell>
      <TableCell numeric className="whitespace-nowrap">
        <NumberCell value={replica.restarts} />
        {replica.restartedAt !== null ? (
          <span className="block text-xs text-muted-foreground">
            <TimeStamp at={replica.restartedAt} show="age" />
          </span>
        ) : null}
      </TableCell>
      <TableCell className="py-0.5 pr-2 pl-0">
        <PinFigure what={replica.id} series={seriesOfReplica(replica)} />
      </TableCell>
    </TableRow>
  );
}

/** Every replica: ready and its reason in words, counters that moved, restarts seen. */
export function ServicesPanel() {
  const { replicas } = useSnapshot();
  const since = useLiveStore().movements.since();
  return (
    <Panel
      title="Services"
      note={
        since === null ? null : (
          <>
            Counters that moved since <TimeStamp at={since} show="time" />
          </>
        )
      }
      state={
        replicas.length === 0
          ? {
              kind: "empty",
              sentence: "No service addresses are set. Set CARACAL_STS_URLS and its kin to every replica's address.",
            }
          : { kind: "live" }
      }
    >
      <Table label="Services by replica">
        <TableHead>
          <tr>
            <TableHeader>Replica</TableHeader>
            <TableHeader>Ready</TableHeader>
            <TableHeader className="hidden sm:table-cell">Moved</TableHeader>
            <TableHeader numeric>Restarts</TableHeader>
            <TableHeader>
              <span className="sr-only">Watch</span>
            </TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {replicas.map((replica) => (
            <ReplicaRow key={replica.id} replica={replica} />
          ))}
        </TableBody>
      </Table>
    </Panel>
  );
}
