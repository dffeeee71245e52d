"use client";

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { AskForApproval } from "@/components/approvals/ask-for-approval";
import { Panel } from "@/components/lib/panel";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import type { ApprovalPreview } from "@/server/approvals/ask";
import { type ActionName, policyOf } from "@/server/auth/action-policy";

/** What two people would agree on, as it is now, and the way to ask for it. `children` shows more of what would be frozen. */
export function AskTwoPeople({
  action,
  parameters,
  incidentId,
  children,
}: {
  action: ActionName;
  parameters: Record<string, unknown>;
  incidentId: string | null;
  children?: (shown: ApprovalPreview) => ReactNode;
}) {
  const [incident, setIncident] = useState(incidentId);
  const preview = useQuery(useTRPC().approvals.preview.queryOptions({ action, parameters }, { retry: false }));
  const shown = preview.data;
  return (
    <div className="flex w-full flex-col gap-3">
      {shown === undefined ? (
        <Panel title={policyOf(action).label} state={panelStateOf(preview, { when: false, sentence: "" })} />
      ) : (
        <>
          {children?.(shown)}
          <AskForApproval
            action={action}
            parameters={parameters}
            shown={shown}
            incidentId={incident}
            onIncident={setIncident}
          />
        </>
      )}
    </div>
  );
}
