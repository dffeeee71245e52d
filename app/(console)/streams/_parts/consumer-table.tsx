"use client";

import { useState } from "react";
import { formatAge } from "@/components/lib/duration";
import { NumberCell } from "@/components/lib/number-cell";
import { Button } from "@/components/ui/button";
import { DestroyConsumer } from "./destroy-consumer";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import type { ConsumersView } from "@/server/streams/schemas";

const step = 25;
const staleMs = 60_000; // as the server has it: only a name that was silent for a minute is removed

/** The consumers of a group, those that hold something first, then the longest silent. */
export function ConsumerTable({ stream, group, view }: { stream: string; group: string; view: ConsumersView }) {
  const [shown, setShown] = useState(step);
  return (
    <>
      <Table label={`Consumers of ${group}`}>
        <TableHead>
          <tr>
            <TableHeader>Consumer</TableHeader>
            <TableHeader numeric>Pending</TableHeader>
            <TableHeader numeric>Last asked</TableHeader>
            <TableHeader numeric>Last given something</TableHeader>
            <TableHeader>
              <span className="sr-only">Act</span>
            </TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {view.consumers.slice(0, shown).map((consumer) => (
            <TableRow key={consumer.name}>
              <TableCell className="font-mono text-xs">{consumer.name}</TableCell>
              <TableCell numeric>
                <NumberCell value={consumer.pending} />
              </TableCell>
              <TableCell numeric className="whitespace-nowrap">
                {formatAge(consumer.idleMs)} ago
              </TableCell>
              <TableCell numeric className="whitespace-nowrap">
                {consumer.inactiveMs === null ? (
                  <span title="Redis tells this from 7.2 on">–</span>
                ) : consumer.inactiveMs < 0 ? (
                  "nothing yet"
                ) : (
                  `${formatAge(consumer.inactiveMs)} ago`
                )}
              </TableCell>
              <TableCell>
                {consumer.pending === 0 && !view.living.includes(consumer.name) && consumer.idleMs >= staleMs ? (
                  <DestroyConsumer stream={stream} group={group} consumer={consumer} />
                ) : null}
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {view.consumers.length > shown ? (
        <div className="border-t px-3 py-2">
          <Button size="sm" onClick={() => setShown(shown + 4 * step)}>
            Show more of {view.consumers.length.toLocaleString("en")}
          </Button>
        </div>
      ) : null}
    </>
  );
}
