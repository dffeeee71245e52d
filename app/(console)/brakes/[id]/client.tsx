"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { toast } from "sonner";
import { BindingsTable } from "@/components/brakes/bindings-table";
import { freezeSteps, freezeWords, provedOf } from "@/components/brakes/freeze-model";
import { FreezeSteps } from "@/components/brakes/freeze-steps";
import { ReplicaTable } from "@/components/brakes/replica-table";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf, reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Badge } from "@/components/ui/badge";
import { CommandBlock } from "@/components/lib/command-block";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { Fact, Facts } from "@/components/wizard/facts";
import { counted } from "@/components/wizard/run-model";
import { policyOf } from "@/server/auth/action-policy";
import { mayCall } from "@/server/auth/policy";
import type { FreezeView } from "@/server/brakes/schemas";

const isOver = (freeze: FreezeView) => freeze.thawedAt !== null;

export function FreezeClient({ initial }: { initial: FreezeView }) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.brakes.freeze.queryOptions(
      { freezeId: initial.id },
      { initialData: initial, refetchInterval: ({ state }) => (state.data && isOver(state.data) ? false : 1_500) },
    ),
  );
  const freeze = query.data;
  const proved = provedOf(freeze.replicas);
  return (
    <div className="flex flex-col gap-4">
      <header className="flex flex-wrap items-center gap-3">
        <div className="min-w-0 flex-1 basis-72">
          <p className="text-xs text-muted-foreground">
            <Link href="/brakes" className="underline underline-offset-2 hover:text-foreground">
              Brakes
            </Link>
          </p>
          <h1 className="flex flex-wrap items-center gap-2">
            Freeze of zone {freeze.zone.name}
            <Badge tone={isOver(freeze) ? "neutral" : "strong"}>{freezeWords(freeze)}</Badge>
          </h1>
          <p className="text-muted-foreground">
            Asked for by {freeze.requestedBy.name} <TimeStamp at={freeze.requestedAt} />
          </p>
        </div>
        <Thaw freeze={freeze} />
      </header>
      {freeze.error === null ? null : (
        <p role="alert" className="rounded-md border border-border-strong px-3 py-2 font-medium">
          {freeze.error}
        </p>
      )}
      <div className="grid items-start gap-4 md:grid-cols-[18rem_minmax(0,1fr)]">
        <Panel title="Steps" state={panelStateOf(query, { when: false, sentence: "" })}>
          <FreezeSteps steps={freezeSteps(freeze, proved)} />
        </Panel>
        <div className="flex min-w-0 flex-col gap-4">
          <Panel
            title="Proof"
            note={proved}
            state={
              freeze.replicas.length === 0
                ? { kind: "empty", sentence: "No STS replica is known yet, so nothing is proved." }
                : undefined
            }
          >
            <ReplicaTable replicas={freeze.replicas} at={freeze.requestedAt} />
          </Panel>
          <Panel
            title="Policy bindings"
            note={`${counted(freeze.bindings.length, "binding")} as before the freeze; a thaw puts exactly these back`}
          >
            <BindingsTable bindings={freeze.bindings} frozen={freeze.restoredAt === null && freeze.nulledAt !== null} />
          </Panel>
          <Panel title="Why">
            <div className="px-3 py-3">
              <Facts>
                <Fact name="Reason">{freeze.reason}</Fact>
                <Fact name="Approval">
                  <Link href={`/approvals/${freeze.approvalId}`} className="text-accent underline underline-offset-2">
                    What was approved, and by whom
                  </Link>
                </Fact>
                {freeze.incident === null ? null : (
                  <Fact name="Incident">
                    <Link
                      href={`/incidents/${freeze.incident.id}`}
                      className="text-accent underline underline-offset-2"
                    >
                      INC-{freeze.incident.number} {freeze.incident.title}
                    </Link>
                  </Fact>
                )}
                {freeze.thawedBy === null ? null : (
                  <Fact name="Thaw asked for by">
                    {freeze.thawedBy.name}
                    {freeze.thawReason === null ? "" : `: ${freeze.thawReason}`}
                  </Fact>
                )}
                {freeze.leftAlone.length === 0 ? null : (
                  <Fact name="Left as they were">
                    {counted(freeze.leftAlone.length, "policy set")} had been given a version by somebody else
                    meanwhile, so the thaw did not touch them: {freeze.leftAlone.join(", ")}
                  </Fact>
                )}
                <Fact name="Messages published">{freeze.publications}</Fact>
              </Facts>
            </div>
            {freeze.commands.length === 0 ? null : (
              <details className="border-t px-3 py-2">
                <summary className="w-fit cursor-pointer rounded-sm py-1 text-muted-foreground hover:text-foreground">
                  The same by hand
                </summary>
                <div className="flex flex-col gap-3 py-2">
                  {freeze.commands.map((item) => (
                    <CommandBlock key={item.title} title={item.title} command={item.command} />
                  ))}
                </div>
              </details>
            )}
          </Panel>
        </div>
      </div>
    </div>
  );
}

/** One responder thaws, whoever froze. */
function Thaw({ freeze }: { freeze: FreezeView }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const person = usePerson();
  const thaw = useMutation(
    trpc.brakes.thaw.mutationOptions({
      onError: (error) => void toast.error(reasonOf(error)),
      onSettled: () => client.invalidateQueries({ queryKey: trpc.brakes.pathKey() }),
    }),
  );
  const policy = policyOf("thaw-zone");
  if (freeze.thawRequestedAt !== null) return null;
  if (!mayCall("brakes.thaw", person.roles))
    return <p className="text-muted-foreground">Thawing needs the role {policy.roles.join(" or ")}.</p>;
  return (
    <ConfirmAct
      label="Thaw the zone"
      variant="primary"
      title={`Thaw zone ${freeze.zone.name}?`}
      confirm="Yes, thaw it"
      reasonLabel="Why it is thawed"
      disabled={thaw.isPending}
      onConfirm={(reason) =>
        thaw.mutateAsync({ freezeId: freeze.id, reason }).then(
          () => true,
          () => false,
        )
      }
    >
      <Facts>
        <Fact name="What will happen">{policy.effect}</Fact>
        <Fact name="What is put back">
          {counted(freeze.bindings.filter(({ version }) => version !== null).length, "policy binding")}, each to the
          version it had before the freeze.
        </Fact>
        <Fact name="Can it be undone">{policy.undo}</Fact>
        <Fact name="Who must agree">One responder. No second person is needed.</Fact>
      </Facts>
    </ConfirmAct>
  );
}
