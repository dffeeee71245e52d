import type { Queryable } from "@/server/platform/postgres";
import { appendEntries, consoleChain, isClosedTimeline } from "@/server/timeline/append-entries";
import type { Figure } from "@/server/timeline/schemas";

/** What came of an executed approval, on the record of its incident; on the console's own when that is closed. Once per approval is the caller's to see to. */
export async function recordApprovalResult(
  tx: Queryable,
  approvalId: string,
  summary: string,
  figures: readonly Figure[],
): Promise<void> {
  const [request] = await tx.query<{ incident_id: string | null; digest: string }>(
    "SELECT incident_id, digest FROM approval_requests WHERE id = $1",
    [approvalId],
  );
  if (request === undefined) return;
  const entry = (chain: string) => ({
    chain,
    kind: "approval.result",
    by: null,
    summary,
    details: { figures, refs: { approval: approvalId, digest: request.digest } },
  });
  await tx.query("SAVEPOINT approval_result");
  try {
    await appendEntries(tx, [entry(request.incident_id ?? consoleChain)]);
  } catch (error) {
    if (!isClosedTimeline(error)) throw error;
    await tx.query("ROLLBACK TO SAVEPOINT approval_result");
    await appendEntries(tx, [entry(consoleChain)]);
  }
}
