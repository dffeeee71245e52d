"use client";

import { Check, CircleSlash, TriangleAlert } from "lucide-react";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { useSnapshot } from "@/components/live/live-hooks";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import type { SourceState } from "@/server/live/snapshot";

const words: Readonly<Record<SourceState["status"], { icon: typeof Check; text: string; look: string }>> = {
  ok: { icon: Check, text: "answers", look: "text-ok" },
  stale: { icon: TriangleAlert, text: "does not answer", look: "font-semibold" },
  never: { icon: TriangleAlert, text: "has never answered", look: "font-semibold" },
  "not-configured": { icon: CircleSlash, text: "not configured", look: "text-muted-foreground" },
};

/** Which parts of the deployment the console was told about, whether they answer, and what it cannot see. Never a value. */
export function Configuration() {
  const snapshot = useSnapshot();
  return (
    <Panel
      title="What answers"
      note={`${snapshot.deployment}${snapshot.release === null ? "" : `, release ${snapshot.release}`}`}
    >
      <Table label="Configured sources">
        <TableHead>
          <tr>
            <TableHeader>Source</TableHeader>
            <TableHeader>State</TableHeader>
            <TableHeader>Last answer</TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {snapshot.sources.map((source) => {
            const { icon: Icon, text, look } = words[source.status];
            return (
              <TableRow key={source.id}>
                <TableCell>{source.label}</TableCell>
                <TableCell>
                  <span className={`inline-flex items-center gap-1.5 ${look}`}>
                    <Icon aria-hidden className="size-3.5 shrink-0" />
                    {text}
                  </span>
                  {source.reason === null ? null : <span className="text-muted-foreground">: {source.reason}</span>}
                </TableCell>
                <TableCell>{source.status === "not-configured" ? "–" : <TimeStamp at={source.okAt} />}</TableCell>
              </TableRow>
            );
          })}
        </TableBody>
      </Table>
      {snapshot.unseen.length === 0 ? null : (
        <div className="border-t px-3 py-3">
          <h3>What cannot be seen</h3>
          <ul className="list-disc pl-5 text-muted-foreground">
            {snapshot.unseen.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </div>
      )}
    </Panel>
  );
}
