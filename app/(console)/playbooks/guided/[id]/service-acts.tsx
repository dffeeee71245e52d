"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { toast } from "sonner";
import { requestHref } from "@/components/approvals/request-model";
import { CommandBlock } from "@/components/lib/command-block";
import { TimeStamp } from "@/components/lib/time-stamp";
import { YesNo } from "@/components/lib/yes-no";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { RestartActs } from "@/components/services/restart-acts";
import { useServiceAct } from "@/components/services/use-service-act";
import { Button, buttonStyle } from "@/components/ui/button";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { Fact, Facts } from "@/components/wizard/facts";
import { policyOf } from "@/server/auth/action-policy";
import type { ServiceAct, ServiceKind } from "@/server/playbooks/guided/schemas";
import type { ReplicaRow } from "@/server/services/schemas";

const scrollable = { tabIndex: 0 }; // a region that scrolls is reached by keyboard

type Given = { readonly runId: string; readonly incident: string; readonly kind: ServiceKind | null };

/** What a step of a playbook about services does on its own page: reads logs, restarts, hears consumers; each replica with its state. */
export function ServiceActs({ act, ...given }: Given & { act: ServiceAct }) {
  const trpc = useTRPC();
  const view = useQuery(trpc.services.view.queryOptions({ kind: given.kind }, { refetchInterval: 2_500 }));
  if (view.isError && view.data === undefined) return <p role="alert">{reasonOf(view.error)}</p>;
  if (view.data === undefined) return <p role="status">The replicas are being asked.</p>;
  const { rows, adapter, acts } = view.data;
  return (
    <div className="flex flex-col gap-2">
      {act === "hear" ? <Hear {...given} /> : null}
      {rows.length === 0 ? <p>No address of this service is configured.</p> : null}
      {adapter === "off" ? (
        <p className="text-muted-foreground">
          No runtime is configured here (RUNTIME_ADAPTER): read logs and restart by hand, with the commands below.
          Whoever restarts a replica, the step is done when its probe says so.
        </p>
      ) : null}
      <ul className="rounded-md border bg-card" aria-label="Replicas">
        {rows.map((row) => (
          <li
            key={row.replica}
            className="flex flex-col gap-1 border-b px-3 py-2 last:border-b-0"
            data-replica={row.replica}
          >
            <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <span className="inline-flex min-w-24 items-center font-medium">
                <YesNo yes={row.ready} />
                {row.replica}
              </span>
              <span className="min-w-0 flex-1 basis-52 [overflow-wrap:anywhere]">
                {row.says}
                {row.downSince === null ? null : (
                  <span className="text-muted-foreground">
                    {" "}
                    · down since <TimeStamp at={row.downSince} />
                  </span>
                )}
              </span>
              {act === "logs" ? null : <Restart row={row} acts={acts} {...given} />}
            </div>
            {row.restart === null || act === "logs" ? null : (
              <p role="status" className="text-muted-foreground">
                {row.restart.sentence} Ordered by {row.restart.by} <TimeStamp at={row.restart.at} show="time" />
              </p>
            )}
            {act === "logs" ? <Logs row={row} acts={acts} runId={given.runId} /> : null}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Restart({ row, acts, runId, incident }: Given & { row: ReplicaRow; acts: boolean }) {
  const trpc = useTRPC();
  const restart = useMutation(trpc.services.restart.mutationOptions());
  const doing = useServiceAct();
  const along =
    row.along.length === 0 ? "" : ` ${row.along.join(", ")} ${row.along.length === 1 ? "goes" : "go"} along.`;
  if (row.restart !== null && ["ordered", "by-hand", "running", "watching"].includes(row.restart.state))
    return <RestartActs restart={row.restart} />;
  if (row.target === null) return null;
  if (row.needsTwo !== null)
    return (
      <span className="flex flex-wrap items-center gap-2">
        <span className="text-muted-foreground">{row.needsTwo}</span>
        <Link
          href={requestHref("restart-service", { service: row.kind, incident })}
          className={buttonStyle("outline")}
          aria-label={`Ask a second person to restart ${row.kind}`}
        >
          Takes two people
        </Link>
      </span>
    );
  const policy = policyOf("restart-replica");
  return (
    <ConfirmAct
      label={`Restart ${row.replica}`}
      title={`Restart ${row.replica}?`}
      confirm={acts ? "Restart it" : "I restart it by hand"}
      reasonLabel="Why"
      onConfirm={(reason) => doing(restart.mutateAsync({ replica: row.replica, runId, reason }))}
    >
      <Facts>
        <Fact name="What will happen">
          {policy.effect}
          {along}
        </Fact>
        <Fact name="Can it be undone">{policy.undo}</Fact>
      </Facts>
      {row.commands === null ? null : <CommandBlock command={row.commands.restart} title="The same by hand" />}
    </ConfirmAct>
  );
}

function Logs({ row, acts, runId }: { row: ReplicaRow; acts: boolean; runId: string }) {
  const trpc = useTRPC();
  const logs = useMutation(trpc.services.logs.mutationOptions());
  const [open, setOpen] = useState(false);
  if (row.target === null) return null;
  if (!acts) return row.commands === null ? null : <CommandBlock command={row.commands.logs} title="Its log" />;
  return (
    <div className="flex flex-col gap-1">
      <Button
        className="self-start"
        disabled={logs.isPending}
        onClick={() => {
          setOpen(true);
          logs.mutate({ replica: row.replica, lines: 200, runId });
        }}
      >
        {logs.isPending ? "Reading" : `Read the log of ${row.replica}`}
      </Button>
      {logs.isError ? <p role="alert">{reasonOf(logs.error)}</p> : null}
      {!open || logs.data === undefined ? null : (
        <figure>
          <figcaption className="text-xs text-muted-foreground">
            {logs.data.lines.length === 0
              ? "It said nothing."
              : `The newest ${logs.data.lines.length} lines, redacted.`}
            {logs.data.cut ? " There was more." : ""}
          </figcaption>
          {logs.data.lines.length === 0 ? null : (
            <section
              {...scrollable}
              aria-label={`Log of ${row.replica}`}
              className="max-h-80 overflow-auto rounded-md border bg-muted px-3 py-2"
            >
              <pre className="font-mono text-xs leading-5 break-all whitespace-pre-wrap">
                {logs.data.lines.join("\n")}
              </pre>
            </section>
          )}
        </figure>
      )}
    </div>
  );
}

function Hear({ runId, kind }: Given) {
  const trpc = useTRPC();
  const hear = useMutation(trpc.services.hear.mutationOptions());
  const kinds = kind === "sts" || kind === "gateway" ? [kind] : (["sts", "gateway"] as const);
  return (
    <div className="flex flex-wrap items-center gap-2">
      {kinds.map((one) => (
        <Button
          key={one}
          disabled={hear.isPending}
          onClick={() => hear.mutate({ runId, kind: one }, { onError: (error) => void toast.error(reasonOf(error)) })}
        >
          {hear.isPending && hear.variables?.kind === one ? `Asking every ${one}` : `Hear every ${one}`}
        </Button>
      ))}
      <span className="text-muted-foreground">
        40 messages at most, over ten seconds. They name a session that is revoked already: nothing changes anywhere.
      </span>
    </div>
  );
}
