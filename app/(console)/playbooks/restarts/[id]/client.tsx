"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { IncidentLink } from "@/components/incidents/incident-link";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { RestartActs } from "@/components/services/restart-acts";
import { usePerson } from "@/components/shell/shell-context";
import { Badge } from "@/components/ui/badge";
import { Fact, Facts } from "@/components/wizard/facts";
import { mayCall } from "@/server/auth/policy";
import type { RestartOrder, RestartState } from "@/server/services/schemas";

const stateWords: Readonly<Record<RestartState, string>> = {
  ordered: "waits for its turn",
  "by-hand": "to be done by hand",
  running: "restarting",
  watching: "being looked at",
  proved: "restarted",
  unproved: "not proved",
  failed: "failed",
  cancelled: "not restarted",
};
const isOver = (state: RestartState) => ["proved", "unproved", "failed", "cancelled"].includes(state);

/** What was ordered together, target after target: each begins when the one before is proved by its probes. */
export function RestartOrderClient({ initial }: { initial: RestartOrder }) {
  const trpc = useTRPC();
  const person = usePerson();
  const query = useQuery(
    trpc.services.order.queryOptions(
      { orderId: initial.id },
      {
        initialData: initial,
        refetchInterval: ({ state }) => (state.data?.restarts.every((one) => isOver(one.state)) ? 10_000 : 1_000),
      },
    ),
  );
  const order = query.data;
  const done = order.restarts.filter(({ state }) => state === "proved").length;
  const over = order.restarts.every(({ state }) => isOver(state));
  return (
    <div className="flex flex-col gap-4">
      <header>
        <p className="text-xs text-muted-foreground">
          <Link href="/playbooks" className="underline underline-offset-2 hover:text-foreground">
            Playbooks
          </Link>
        </p>
        <h1>Restart of {order.restarts.flatMap(({ replicas }) => replicas).join(", ")}</h1>
        <p className="text-muted-foreground">
          {order.by} <TimeStamp at={order.at} />
        </p>
        <p className="text-muted-foreground">Because: {order.reason}</p>
      </header>
      <Panel
        title="What came of it"
        note="What a probe saw counts, not what a command answered"
        state={panelStateOf(query, { when: false, sentence: "" })}
      >
        <p role="status" className="px-3 py-2 font-medium">
          {done} of {order.restarts.length} restarted{over ? "." : ", one after another."}
        </p>
        <ol className="border-t" aria-label="Restarts in their order">
          {order.restarts.map((restart) => (
            <li key={restart.id} className="flex flex-col gap-1 border-b px-3 py-2 last:border-b-0">
              <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
                <span className="font-medium">{restart.replicas.join(", ")}</span>
                <Badge tone={restart.state === "proved" ? "ok" : isOver(restart.state) ? "strong" : "neutral"}>
                  {stateWords[restart.state]}
                </Badge>
                {mayCall("services.cancelRestart", person.roles) ? <RestartActs restart={restart} /> : null}
              </div>
              <p className="[overflow-wrap:anywhere] text-muted-foreground">{restart.sentence}</p>
            </li>
          ))}
        </ol>
        <div className="border-t px-3 py-3">
          <Facts>
            {order.incidentId === null ? null : (
              <Fact name="Incident">
                <IncidentLink incidentId={order.incidentId} />
              </Fact>
            )}
            {order.approvalId === null ? null : (
              <Fact name="Approval">
                <Link href={`/approvals/${order.approvalId}`} className="text-accent underline underline-offset-2">
                  What was approved, and by whom
                </Link>
              </Fact>
            )}
          </Facts>
        </div>
      </Panel>
    </div>
  );
}
