import type { ActionName } from "@/server/auth/action-policy";
import type { GuidedRunRow } from "@/server/playbooks/guided/playbook";

/** Where an act of a run is asked for, with what is known filled in: the run's zone and incident. */
export function approvalHref(
  action: ActionName,
  run: Pick<GuidedRunRow, "incident_id" | "zone_id">,
  more: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams({ action, ...more, incident: run.incident_id });
  if (run.zone_id !== null) query.set("zone", run.zone_id);
  return `/approvals/new?${query}`;
}
