"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf, reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Badge } from "@/components/ui/badge";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import type { MaintenanceWindow } from "@/server/notifications/schemas";
import { MaintenanceForm } from "./maintenance-form";

const stateWords = { coming: "Coming", "in-force": "In force", over: "Over" } as const;

/** When messages are held back on purpose. P1 goes through unless a window says otherwise. */
export function Maintenance({ mayPlan }: { mayPlan: boolean }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.notifications.maintenance.queryOptions(undefined, { refetchInterval: 30_000 }));
  const windows = query.data ?? [];
  return (
    <Panel
      title="Maintenance windows"
      note="What falls into one is recorded as suppressed, not sent"
      state={panelStateOf(query, { when: false, sentence: "" })}
    >
      {windows.length === 0 ? (
        <p className="px-3 py-3 text-muted-foreground">No window is planned: every message goes out.</p>
      ) : (
        <ul className="flex flex-col">
          {windows.map((window) => (
            <Window key={window.id} window={window} mayEnd={mayPlan} />
          ))}
        </ul>
      )}
      {mayPlan ? <MaintenanceForm /> : null}
    </Panel>
  );
}

function Window({ window, mayEnd }: { window: MaintenanceWindow; mayEnd: boolean }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const end = useMutation(
    trpc.notifications.endMaintenance.mutationOptions({
      onError: (error) => void toast.error(reasonOf(error)),
      onSettled: () => client.invalidateQueries({ queryKey: trpc.notifications.pathKey() }),
    }),
  );
  return (
    <li className="flex flex-wrap items-center gap-2 border-b px-3 py-2">
      <div className="min-w-0 flex-1 basis-72">
        <p>
          <Badge tone={window.state === "in-force" ? "strong" : "neutral"}>{stateWords[window.state]}</Badge>{" "}
          <TimeStamp at={window.from} date="always" show="time" /> to{" "}
          <TimeStamp at={window.until} date="always" show="time" />
        </p>
        <p>{window.reason}</p>
        <p className="text-xs text-muted-foreground">
          Holds back {heldBack(window)}. Set by {window.by}
          {window.endedBy === null ? "" : `, ended early by ${window.endedBy}`}.
        </p>
      </div>
      {mayEnd && window.state !== "over" ? (
        <ConfirmAct
          label="End it now"
          title="End this window now?"
          confirm="Yes, end it"
          disabled={end.isPending}
          onConfirm={() =>
            end.mutateAsync({ id: window.id }).then(
              () => true,
              () => false,
            )
          }
        >
          <p>Messages go out again from now on. What was suppressed stays unsent.</p>
        </ConfirmAct>
      ) : null}
    </li>
  );
}

function heldBack({ severities, tiers, includeP1 }: MaintenanceWindow): string {
  const what =
    severities.length === 0 ? (includeP1 ? "every severity" : "every severity but P1") : severities.join(", ");
  return `${what} for ${tiers.length === 0 ? "every tier" : tiers.join(", ")}`;
}
