import type { Actor } from "@/server/auth/roles";
import type { OutboxName } from "@/server/caracal/outbox/outbox-read";
import type { RequeueState } from "@/server/caracal/outbox/requeue-rows";
import type { Queryable } from "@/server/platform/postgres";
import { appendAnyway } from "@/server/timeline/append-anyway";
import { consoleChain } from "@/server/timeline/append-entries";
import type { EntryDetails } from "@/server/timeline/schemas";

/** A row of outbox_requeues. */
export type RequeueRow = {
  readonly id: string;
  readonly outbox: OutboxName;
  readonly ids: readonly string[];
  readonly state: "ordered" | "requeued" | "done";
  readonly result: RequeueState | null;
  readonly incident_id: string | null;
  readonly approval_id: string;
  readonly reason: string;
  readonly by_name: string;
  readonly ordered_at: Date;
  readonly error: string | null;
};

/** An entry on the requeue's incident, or on the console's own record. */
export const requeueEntry = (
  tx: Queryable,
  row: RequeueRow,
  by: Actor | null,
  what: string,
  summary: string,
  details: EntryDetails = {},
): Promise<void> =>
  appendAnyway(tx, [
    {
      chain: row.incident_id ?? consoleChain,
      kind: `stream.requeue-${what}`,
      by,
      summary: summary.slice(0, 2_000),
      details: {
        ...details,
        parameters: { outbox: row.outbox, ids: row.ids },
        refs: { requeue: row.id, approval: row.approval_id },
      },
    },
  ]);
