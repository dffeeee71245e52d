"use client";

import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useQueryStates } from "nuqs";
import { AttachIncident } from "@/components/approvals/attach-incident";
import { BlastPanel } from "@/components/approvals/blast-panel";
import { ConfirmWithIdentity } from "@/components/approvals/confirm-with-identity";
import { ProveByProvider } from "@/components/approvals/identity";
import { draftLacks, parametersOf } from "@/components/approvals/request-model";
import { RequestParameters } from "@/components/approvals/request-parameters";
import { TargetList } from "@/components/approvals/target-list";
import { Panel } from "@/components/lib/panel";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { policyOf } from "@/server/auth/action-policy";
import { mayCall } from "@/server/auth/policy";
import { Fact, Facts } from "@/components/wizard/facts";
import { counted } from "@/components/wizard/run-model";
import { requestSearch } from "./search-params";

export function RequestClient() {
  const trpc = useTRPC();
  const router = useRouter();
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
  const request = useMutation(
    trpc.approvals.request.mutationOptions({ onSuccess: ({ approvalId }) => router.push(`/approvals/${approvalId}`) }),
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
            <>
              <BlastPanel blast={shown.blast} note="As it is now; it is read again when the request is made" />
              <TargetList count={shown.targetCount} targets={shown.targets} digest={shown.targetsDigest} />
              <Panel title="Ask">
                <div className="flex flex-col items-start gap-3 px-3 py-3">
                  <AttachIncident
                    value={draft.incident}
                    severity={policy.severity}
                    onChange={(incident) => void setDraft({ incident })}
                  />
                  <ProveByProvider identity={shown.reauthentication} />
                  <ConfirmWithIdentity
                    label="Ask for approval"
                    variant="primary"
                    title={`Ask for: ${policy.label}?`}
                    confirm="Yes, ask"
                    comment={{ label: "Why it is needed", least: 4 }}
                    identity={shown.reauthentication}
                    disabled={
                      preview.isPlaceholderData ||
                      request.isPending ||
                      request.isSuccess ||
                      (shown.reauthentication.method === "oidc" && !shown.reauthentication.fresh)
                    }
                    className="max-sm:h-11 max-sm:w-full"
                    onConfirm={(reason) =>
                      request.mutateAsync({
                        action: draft.action,
                        parameters: parameters ?? {},
                        incidentId: draft.incident,
                        reason,
                      })
                    }
                  >
                    <Facts>
                      <Fact name="What will happen">{policy.effect}</Fact>
                      <Fact name="How far">{shown.blast.sentence}</Fact>
                      <Fact name="To how many">{counted(shown.targetCount, "target")}</Fact>
                      <Fact name="Can it be undone">{policy.undo}</Fact>
                    </Facts>
                  </ConfirmWithIdentity>
                </div>
              </Panel>
            </>
          )}
        </>
      )}
    </div>
  );
}
