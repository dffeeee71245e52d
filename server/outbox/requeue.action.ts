import { randomUUID } from "node:crypto";
import { z } from "zod";
import { agreedAs } from "@/server/approvals/agreed-as";
import type { ApprovedAction } from "@/server/approvals/approved-action";
import type { Deployment } from "@/server/caracal/deployment";
import { outboxNames } from "@/server/caracal/outbox/outbox-read";
import { readDeadRows } from "@/server/caracal/outbox/requeue-rows";
import { requeueEntry, type RequeueRow } from "@/server/outbox/requeue-rows";
import { advanceRequeue } from "@/server/outbox/requeue-worker";
import { requeueParameters } from "@/server/outbox/schemas";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";

const agreed = z.object({ outbox: z.enum(outboxNames) });
const rowsThen = z.object({ rows: z.record(z.string(), z.unknown()) });

type Parts = { readonly db: Database; readonly caracal: Pick<Deployment, "db"> };

/** "Try dead outbox rows again" as two people agree on it: exactly these rows, while each of them is dead. */
export function requeueOutboxAction(parts: Parts): ApprovedAction<"requeue-outbox"> {
  const { caracal } = parts;
  return {
    action: "requeue-outbox",
    async freeze(parameters) {
      const parsed = requeueParameters.safeParse(parameters);
      if (!parsed.success) throw new DomainError("bad_input", "Name an outbox and the ids of at most 100 dead rows.");
      const { outbox, ids } = parsed.data;
      const rows = await readDeadRows(caracal.db, outbox, ids);
      const alive = ids.filter((id) => !rows.has(id));
      if (alive.length > 0)
        throw new DomainError(
          "conflict",
          `${alive.length === 1 ? `${alive[0]} is` : `${alive.length} of these rows are`} not dead any more, or not there. Load the list again.`,
        );
      const byStream = new Map<string, number>();
      for (const { stream } of rows.values()) byStream.set(stream, (byStream.get(stream) ?? 0) + 1);
      return {
        parameters: { outbox },
        targets: ids,
        preconditions: {
          rows: Object.fromEntries(ids.map((id) => [id, rows.get(id) ?? null])),
        },
        blast: {
          sentence: `${ids.length} dead ${ids.length === 1 ? "row" : "rows"} of ${outbox} tried again; what they say is published if it can be`,
          figures: [...byStream]
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, value]) => ({ name, value, unit: "rows", source: outbox })),
        },
        severity: "P2",
        playbookVersion: "requeue-outbox@1",
      };
    },
    zonesOf: () => "every", // messages of whichever zone
    async recheck(stored) {
      const { outbox } = agreedAs(agreed, stored.parameters);
      const rows = await readDeadRows(caracal.db, outbox, stored.targets);
      const alive = stored.targets.filter((id) => !rows.has(id)).length;
      return alive === 0 ? null : `${alive} of ${stored.targets.length} rows are not dead any more.`;
    },
    async start(tx, stored, by) {
      const { outbox } = agreedAs(agreed, stored.parameters);
      const { rows: before } = agreedAs(rowsThen, stored.preconditions);
      const [row] = await tx.query<RequeueRow>(
        `INSERT INTO outbox_requeues (id, outbox, ids, before, incident_id, approval_id, reason, by_id, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *`,
        [
          randomUUID(),
          outbox,
          stored.targets,
          JSON.stringify(before),
          stored.incidentId,
          stored.approvalId,
          stored.reason,
          by.id,
          by.name,
        ],
      );
      if (row === undefined) throw new Error("the requeue was not written");
      await requeueEntry(
        tx,
        row,
        by,
        "ordered",
        `${stored.targets.length} dead rows of ${outbox} are to be tried again: ${stored.reason}`,
        { before },
      );
      return `outbox-requeue:${row.id}`;
    },
    async wake(ref) {
      const [row] = await parts.db.query<RequeueRow>("SELECT * FROM outbox_requeues WHERE id = $1", [
        ref.replace("outbox-requeue:", ""),
      ]);
      if (row !== undefined) await advanceRequeue(parts, row);
    },
  };
}
