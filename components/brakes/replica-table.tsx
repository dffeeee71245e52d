"use client";

import { Check, Clock } from "lucide-react";
import { type ReplicaProof, replicaWords } from "@/components/brakes/freeze-model";
import { TimeStamp } from "@/components/lib/time-stamp";
import { useNow } from "@/components/live/now";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";

/** The proof, replica by replica: all STS share one group, so one message reaches one of them (trap 3). */
export function ReplicaTable({
  replicas,
  at,
}: {
  replicas: readonly (ReplicaProof & { readonly replica: string; readonly note: string | null })[];
  at: string;
}) {
  const now = useNow() ?? Date.parse(at);
  return (
    <Table label="Proof by STS replica">
      <TableHead>
        <tr>
          <TableHeader>STS replica</TableHeader>
          <TableHeader>Proof</TableHeader>
          <TableHeader>Seen</TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {replicas.map((row) => {
          const { proved, words } = replicaWords(row, now);
          const Icon = proved ? Check : Clock;
          return (
            <TableRow key={row.replica}>
              <TableCell className="font-mono text-xs whitespace-nowrap">{row.replica}</TableCell>
              <TableCell>
                <span className={`inline-flex items-center gap-1.5 ${proved ? "text-ok" : ""}`}>
                  <Icon aria-hidden className="size-3.5 shrink-0" />
                  {words}
                </span>
                {row.note === null ? null : <span className="block text-xs text-muted-foreground">{row.note}</span>}
              </TableCell>
              <TableCell>{proved ? <TimeStamp at={row.deliveredAt ?? row.polledAt} /> : "–"}</TableCell>
            </TableRow>
          );
        })}
      </TableBody>
    </Table>
  );
}
