"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { AttachIncident } from "@/components/approvals/attach-incident";
import { BlastPanel } from "@/components/approvals/blast-panel";
import { ConfirmWithIdentity } from "@/components/approvals/confirm-with-identity";
import { ProveByProvider } from "@/components/approvals/identity";
import { TargetList } from "@/components/approvals/target-list";
import { Panel } from "@/components/lib/panel";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Fact, Facts } from "@/components/wizard/facts";
import { type ActionName, policyOf } from "@/server/auth/action-policy";

/** What two people would agree on, as it is now, and the way to ask for it. Nothing happens by asking. */
export function AskTwoPeople({
  action,
  parameters,
  incidentId,
}: {
  action: ActionName;
  parameters: Record<string, unknown>;
  incidentId: string | null;
}) {
  const trpc = useTRPC();
  const router = useRouter();
  const policy = policyOf(action);
  const [incident, setIncident] = useState(incidentId);
  const preview = useQuery(trpc.approvals.preview.queryOptions({ action, parameters }, { retry: false }));
  const request = useMutation(
    trpc.approvals.request.mutationOptions({ onSuccess: ({ approvalId }) => router.push(`/approvals/${approvalId}`) }),
  );
  const shown = preview.data;
  return (
    <div className="flex flex-col gap-3">
      <Panel title={policy.label} state={panelStateOf(preview, { when: false, sentence: "" })}>
        <p className="px-3 py-3 font-medium">{shown?.blast.sentence}</p>
      </Panel>
      {shown === undefined ? null : (
        <>
          <BlastPanel blast={shown.blast} note="As it is now; it is read again when the request is made" />
          <TargetList count={shown.targetCount} targets={shown.targets} digest={shown.targetsDigest} />
          <AttachIncident value={incident} severity={policy.severity} onChange={setIncident} />
          <ProveByProvider identity={shown.reauthentication} />
          <ConfirmWithIdentity
            label="Ask for approval"
            variant="primary"
            title={`Ask for: ${policy.label}?`}
            confirm="Yes, ask"
            comment={{ label: "Why it is needed", least: 4 }}
            identity={shown.reauthentication}
            disabled={
              request.isPending ||
              request.isSuccess ||
              (shown.reauthentication.method === "oidc" && !shown.reauthentication.fresh)
            }
            onConfirm={(reason) => request.mutateAsync({ action, parameters, incidentId: incident, reason })}
          >
            <Facts>
              <Fact name="What will happen">{policy.effect}</Fact>
              <Fact name="How far">{shown.blast.sentence}</Fact>
              <Fact name="Can it be undone">{policy.undo}</Fact>
            </Facts>
          </ConfirmWithIdentity>
        </>
      )}
    </div>
  );
}
