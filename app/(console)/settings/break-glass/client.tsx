"use client";

import { useQuery } from "@tanstack/react-query";
import { PageTitle } from "@/components/data-table/page-title";
import { Panel } from "@/components/lib/panel";
import { panelStateOf } from "@/components/live/panel-state-of";
import { type RouterOutputs, useTRPC } from "@/components/live/trpc";
import { Asked, AskForIt } from "./ask-and-confirm";
import { OpenNow } from "./open-now";
import { Reviews } from "./reviews";

type State = RouterOutputs["approvals"]["breakGlassState"];

export function BreakGlassClient() {
  const trpc = useTRPC();
  const query = useQuery(trpc.approvals.breakGlassState.queryOptions(undefined, { refetchInterval: 3_000 }));
  const state = query.data;
  return (
    <>
      <PageTitle title="Break-glass">
        For the night when not enough people with the right roles can be reached. Two people open it together with a
        credential of its own; it ends by itself, opens a P1, tells everyone, and wants a review before that can close.
      </PageTitle>
      <Panel
        title="State"
        note={state === undefined ? null : words(state)}
        state={panelStateOf(query, { when: false, sentence: "" })}
      >
        {state === undefined ? null : <div className="flex flex-col gap-3 px-3 py-3">{body(state)}</div>}
      </Panel>
      {state === undefined ? null : <Reviews waiting={state.awaitingReview} identity={state.reauthentication} />}
    </>
  );
}

function words(state: State): string {
  if (!state.enabled) return "off";
  if (state.open !== null) return "open";
  return state.asked === null ? "closed" : "asked for, waits for a second person";
}

function body(state: State) {
  if (!state.enabled) return <Off />;
  if (state.open !== null) return <OpenNow open={state.open} />;
  const identity = state.reauthentication;
  return state.asked === null ? <AskForIt identity={identity} /> : <Asked asked={state.asked} identity={identity} />;
}

function Off() {
  return (
    <>
      <p>It is off, and nothing on this page can switch it on: nobody gets more roles than they were given.</p>
      <p className="max-w-prose text-muted-foreground">
        To switch it on, choose a long credential and keep it sealed outside of this console. Give it to{" "}
        <code className="font-mono text-xs">npm run account -- --hash</code>, set{" "}
        <code className="font-mono text-xs">BREAK_GLASS_SECRET_HASH</code> to what that prints, and restart the console.
      </p>
    </>
  );
}
