import { DomainError } from "@/server/platform/errors";
import type { Looking } from "@/server/playbooks/guided/playbook";
import { type FindingCount, proposeVerdict } from "@/server/playbooks/guided/propose-verdict";
import type { VerdictProposal } from "@/server/playbooks/guided/reports.schemas";
import { newestCheck } from "@/server/playbooks/guided/scope-facts";

/** The verdict that the newest check of the run speaks for; since when is taken from the scope that was settled. @throws precondition_failed */
export async function verdictProposal(looking: Looking): Promise<VerdictProposal> {
  const { db, run, settled } = looking;
  const check = await newestCheck(looking);
  if (check === null)
    throw new DomainError("precondition_failed", "Check the chain first: the verdict is read from its findings.");
  const found = await db.query<FindingCount>(
    "SELECT finding, witnesses, count(*)::int AS rows FROM audit_findings WHERE check_id = $1 AND zone_id = $2 GROUP BY finding, witnesses LIMIT 200",
    [check.id, run.zone_id],
  );
  const scope = settled.get("scope")?.kept;
  const window = scope?.kind === "scope" ? scope.window : { from: null, to: check.startedAt.toISOString() };
  return proposeVerdict({ checkId: check.id, found, window });
}
