"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { AskForApproval } from "@/components/approvals/ask-for-approval";
import { draftLacks, parametersOf } from "@/components/approvals/request-model";
import { RequestParameters } from "@/components/approvals/request-parameters";
import { Panel } from "@/components/lib/panel";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { policyOf } from "@/server/auth/action-policy";
import { mayCall } from "@/server/auth/policy";
import { requestSearch } from "./search-params";

export function RequestClient() {
  const trpc = useTRPC();
  const person = usePerson();
  const [draft, setDraft] = useQueryStates(requestSearch);
  const policy = policyOf(draft.action);
  const lacks = draftLacks(draft);
  const parameters = parametersOf(draft);
  const allowed =
    mayCall("approvals.request", person.roles) && policy.roles.some((role) => person.roles.includes(role));
  const preview = useQuery(
    trpc.approvals.preview.queryOptions(
      { action: draft.action, parameters: parameters ?? {} },
      { enabled: allowed && parameters !== null, placeholderData: keepPreviousData },
    ),
  );
  const shown = parameters === null ? undefined : preview.data;
  return (
    <div className="flex max-w-4xl flex-col gap-4">
      <header>
        <p className="text-xs text-muted-foreground">
          <Link href="/approvals" className="underline underline-offset-2 hover:text-foreground">
            Approvals
          </Link>
        </p>
        <h1>Ask for an act that takes two people</h1>
        <p className="text-muted-foreground">
          Nothing happens by asking. What is frozen here is what somebody else approves, and exactly that runs.
        </p>
      </header>
      <Panel
        title="What is asked for"
        state={
          allowed
            ? undefined
            : {
                kind: "not-allowed",
                ask: `Asking for this needs the role ${policy.roles.join(" or ")}. Ask a colleague who holds it, or an admin for the role.`,
              }
        }
      >
        <RequestParameters draft={draft} onChange={(change) => void setDraft(change)} />
      </Panel>
      {!allowed ? null : (
        <>
          <Panel
            title="What would be frozen now"
            note={shown === undefined || !preview.isPlaceholderData ? null : "being read again"}
            state={
              lacks === null ? panelStateOf(preview, { when: false, sentence: "" }) : { kind: "empty", sentence: lacks }
            }
          >
            <p className="px-3 py-3 font-medium">{shown?.blast.sentence}</p>
          </Panel>
          {shown === undefined ? null : (
            <AskForApproval
              action={draft.action}
              parameters={parameters ?? {}}
              shown={shown}
              settled={!preview.isPlaceholderData}
              incidentId={draft.incident}
              onIncident={(incident) => void setDraft({ incident })}
            />
          )}
        </>
      )}
    </div>
  );
}
