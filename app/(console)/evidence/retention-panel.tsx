"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { fileSize } from "@/components/incidents/file-size";
import { CommandBlock } from "@/components/lib/command-block";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";

/** The retention policy as its file says, and what it would remove. The console itself removes nothing. */
export function RetentionPanel() {
  const trpc = useTRPC();
  const query = useQuery(trpc.vault.retention.queryOptions(undefined, { refetchInterval: 60_000 }));
  const view = query.data;
  return (
    <Panel
      title="Retention"
      note="By policy file alone; nothing is deleted from here"
      state={panelStateOf(query, {
        when: view?.configured === false,
        sentence: "EVIDENCE_RETENTION_FILE is not set: everything is kept.",
      })}
    >
      {view === undefined ? null : (
        <div className="flex flex-col gap-2 px-3 py-3">
          {view.problem === null ? (
            <p>
              Kept for{" "}
              {view.keepDays
                ?.map(([name, days]) => `${days} days (${name === "default" ? "otherwise" : name})`)
                .join(", ")}
              .{view.note === "" ? null : ` ${view.note}`}
            </p>
          ) : (
            <p role="alert">The policy is not understood, so everything is kept: {view.problem}</p>
          )}
          {view.expired.length === 0 ? (
            <p className="text-muted-foreground">Nothing is past it.</p>
          ) : (
            <>
              <ul aria-label="Past the policy">
                {view.expired.map((item) => (
                  <li key={item.id}>
                    <Link href={`/evidence/items/${item.id}`} className="text-accent underline underline-offset-2">
                      {item.what}
                    </Link>{" "}
                    of <TimeStamp at={item.endedAt} date="always" />, {fileSize(item.bytes)}:{" "}
                    {item.heldBy === null ? "would be removed" : `kept, ${item.heldBy} is open`}
                  </li>
                ))}
              </ul>
              <CommandBlock title="Where the console runs" command="npm run evidence-retention -- --remove" />
            </>
          )}
        </div>
      )}
    </Panel>
  );
}
