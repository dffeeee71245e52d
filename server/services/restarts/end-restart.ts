import { recordApprovalResult } from "@/server/approvals/record-result";
import type { Actor } from "@/server/auth/roles";
import type { Queryable } from "@/server/platform/postgres";
import { type RestartRow, restartSentence } from "@/server/services/restarts/restart-rows";
import { appendAnyway } from "@/server/timeline/append-anyway";
import { consoleChain } from "@/server/timeline/append-entries";

/**
 * What follows from the end of a restart that was just written: those after it in the order are given up unless it is proved, the end goes
 * on the record with what was seen, and an approval of which it was the last has its result. `by` and `why`: of a person who cancelled it.
 */
export async function endRestart(
  tx: Queryable,
  ended: RestartRow,
  by: { readonly actor: Actor; readonly why: string } | null,
): Promise<void> {
  const list = ended.replicas.join(", ");
  if (ended.state !== "proved")
    await tx.query(
      `UPDATE service_restarts SET state = 'cancelled', finished_at = clock_timestamp(), holder = NULL, note = $3
        WHERE order_id = $1 AND place > $2 AND state IN ('ordered', 'by-hand')`,
      [
        ended.order_id,
        ended.place,
        by === null
          ? `${list} was not seen to come back from a restart, so the others were left alone.`
          : `The restart of ${list} before it was cancelled.`,
      ],
    );
  const sentence = restartSentence(ended);
  const [open] = await tx.query("SELECT 1 FROM service_restarts WHERE order_id = $1 AND finished_at IS NULL LIMIT 1", [
    ended.order_id,
  ]);
  if (ended.approval_id !== null && open === undefined)
    await recordApprovalResult(tx, ended.approval_id, `Executed: ${sentence}`, []);
  const what = ended.state === "proved" ? "restarted" : by === null ? "restart-not-proved" : "restart-cancelled";
  await appendAnyway(tx, [
    {
      chain: ended.incident_id ?? consoleChain,
      kind: `playbook.${what}`,
      by: by?.actor ?? null,
      summary: by === null ? sentence : `${by.actor.name} cancelled the restart of ${list}: ${by.why}`,
      details: {
        refs: {
          restart: ended.id,
          ...(ended.guided_run_id === null ? {} : { guidedRun: ended.guided_run_id }),
        },
        figures: ended.replicas.flatMap((replica) =>
          Object.entries(ended.seen[replica] ?? {}).map(([name, at]) => ({
            name: `${replica} ${name}`,
            value: at ?? null,
            source: `${replica} /ready, /metrics`,
          })),
        ),
      },
    },
  ]);
}
