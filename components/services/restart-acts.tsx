"use client";

import { useMutation } from "@tanstack/react-query";
import { CommandBlock } from "@/components/lib/command-block";
import { useTRPC } from "@/components/live/trpc";
import { useServiceAct } from "@/components/services/use-service-act";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import type { RestartView } from "@/server/services/schemas";

/** What a person may do with a restart that is not over: say that it was done by hand, or give it up before it is begun. */
export function RestartActs({ restart }: { restart: Pick<RestartView, "id" | "state" | "replicas" | "command"> }) {
  const trpc = useTRPC();
  const confirm = useMutation(trpc.services.confirmRestart.mutationOptions());
  const cancel = useMutation(trpc.services.cancelRestart.mutationOptions());
  const doing = useServiceAct();
  const list = restart.replicas.join(", ");
  if (restart.state !== "by-hand" && restart.state !== "ordered") return null;
  return (
    <span className="flex flex-wrap items-center gap-2">
      {restart.state === "by-hand" ? (
        <ConfirmAct
          label={`Confirm the restart of ${list}`}
          title={`Was ${list} restarted?`}
          confirm="Yes, it was"
          reasonLabel="Who restarted it, and how you know"
          onConfirm={(how) => doing(confirm.mutateAsync({ restartId: restart.id, how }))}
        >
          <CommandBlock command={restart.command} title={`Restart ${list}`} />
          <p>It goes on the record in your name. Whether it came back is asked of the replica itself.</p>
        </ConfirmAct>
      ) : null}
      <ConfirmAct
        label={`Cancel the restart of ${list}`}
        title={`Cancel the restart of ${list}?`}
        confirm="Yes, cancel it"
        reasonLabel="Why it is not restarted"
        onConfirm={(reason) => doing(cancel.mutateAsync({ restartId: restart.id, reason }))}
      >
        <p>
          It was not begun from here, and is given up; so are those that were to follow it. What somebody did by hand
          all the same is not undone: then confirm it instead.
        </p>
      </ConfirmAct>
    </span>
  );
}
