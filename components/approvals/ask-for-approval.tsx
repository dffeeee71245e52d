"use client";

import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { AttachIncident } from "@/components/approvals/attach-incident";
import { BlastPanel } from "@/components/approvals/blast-panel";
import { ConfirmWithIdentity } from "@/components/approvals/confirm-with-identity";
import { ProveByProvider } from "@/components/approvals/identity";
import { TargetList } from "@/components/approvals/target-list";
import { IncidentLink } from "@/components/incidents/incident-link";
import { Panel } from "@/components/lib/panel";
import { useTRPC } from "@/components/live/trpc";
import { Fact, Facts } from "@/components/wizard/facts";
import { counted } from "@/components/wizard/run-model";
import type { ApprovalPreview } from "@/server/approvals/ask";
import { type ActionName, policyOf } from "@/server/auth/action-policy";

/**
 * How far an act would go as it was last read, the incident on whose record it stands, and the way to ask for it. Nothing happens by
 * asking. `settled`: what is shown belongs to these parameters and is not being read again.
 */
export function AskForApproval({
  action,
  parameters,
  shown,
  settled = true,
  incidentId,
  onIncident,
}: {
  action: ActionName;
  parameters: Record<string, unknown>;
  shown: ApprovalPreview;
  settled?: boolean;
  incidentId: string | null;
  onIncident: (incidentId: string | null) => void;
}) {
  const router = useRouter();
  const policy = policyOf(action);
  const request = useMutation(
    useTRPC().approvals.request.mutationOptions({
      onSuccess: ({ approvalId }) => router.push(`/approvals/${approvalId}`),
    }),
  );
  return (
    <>
      <BlastPanel blast={shown.blast} note="As it is now; it is read again when the request is made" />
      <TargetList count={shown.targetCount} targets={shown.targets} digest={shown.targetsDigest} />
      <Panel title="Ask">
        <div className="flex flex-col items-start gap-3 px-3 py-3">
          {shown.belongsTo === null ? (
            <AttachIncident value={incidentId} severity={policy.severity} onChange={onIncident} />
          ) : (
            <Facts>
              <Fact name="Incident">
                <IncidentLink incidentId={shown.belongsTo} />: it stands on the record of what it belongs to, and of no
                other
              </Fact>
            </Facts>
          )}
          <ProveByProvider identity={shown.reauthentication} />
          <ConfirmWithIdentity
            label="Ask for approval"
            variant="primary"
            title={`Ask for: ${policy.label}?`}
            confirm="Yes, ask"
            comment={{ label: "Why it is needed", least: 4 }}
            identity={shown.reauthentication}
            disabled={
              !settled ||
              request.isPending ||
              request.isSuccess ||
              (shown.reauthentication.method === "oidc" && !shown.reauthentication.fresh)
            }
            className="max-sm:h-11 max-sm:w-full"
            onConfirm={(reason) =>
              request.mutateAsync({ action, parameters, incidentId: shown.belongsTo ?? incidentId, reason })
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
  );
}
