import { randomUUID } from "node:crypto";
import type { Actor } from "@/server/auth/roles";
import type { Queryable } from "@/server/platform/postgres";
import type { ActRow, NewAct } from "@/server/streams/acts/act-row";
import { actWords } from "@/server/streams/acts/act-words";
import { appendAnyway } from "@/server/timeline/append-anyway";
import { consoleChain } from "@/server/timeline/append-entries";
import type { EntryDetails } from "@/server/timeline/schemas";

/** Puts an act on record, with its entry, in the caller's transaction: no row, no effect. */
export async function orderAct(tx: Queryable, by: Actor, act: NewAct): Promise<ActRow> {
  const [row] = await tx.query<ActRow>(
    `INSERT INTO stream_acts (id, kind, stream, group_name, consumer, min_idle_ms, ids, before, undoes, incident_id, approval_id, reason, by_id, by_name)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING *`,
    [
      randomUUID(),
      act.kind,
      act.stream,
      act.group,
      act.consumer ?? null,
      act.minIdleMs ?? null,
      act.ids,
      JSON.stringify(act.before),
      act.undoes ?? null,
      act.incidentId,
      act.approvalId ?? null,
      act.reason,
      by.id,
      by.name,
    ],
  );
  if (row === undefined) throw new Error("the act was not written");
  await actEntry(tx, row, by, "ordered", `${actWords(row).ordered}: ${act.reason}`, {
    parameters: { ...(act.consumer === undefined ? {} : { consumer: act.consumer }), ids: act.ids },
    ...(Object.keys(act.before).length === 0 ? {} : { before: act.before }),
  });
  return row;
}

/** An entry on the act's incident, or on the console's own record; a closed timeline does not hold an act up. */
export const actEntry = (
  tx: Queryable,
  act: ActRow,
  by: Actor | null,
  what: string,
  summary: string,
  details: EntryDetails,
): Promise<void> =>
  appendAnyway(tx, [
    {
      chain: act.incident_id ?? consoleChain,
      kind: `stream.${act.kind}-${what}`,
      by,
      summary: summary.slice(0, 2_000),
      details: {
        ...details,
        parameters: { stream: act.stream, group: act.group_name, ...details.parameters },
        refs: { act: act.id, ...(act.approval_id === null ? {} : { approval: act.approval_id }) },
      },
    },
  ]);
