import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { type Custody, keepCustody } from "@/server/evidence/vault/item-rows";
import { type OpenItem, requireItem } from "@/server/evidence/vault/require-item";
import type { handOverInput, itemInput } from "@/server/evidence/vault/schemas";
import { DomainError } from "@/server/platform/errors";
import type { Database, Queryable } from "@/server/platform/postgres";
import { appendAnyway } from "@/server/timeline/append-anyway";
import { consoleChain } from "@/server/timeline/append-entries";

type Acting = { readonly db: Database; readonly actor: Actor };

/** Puts an act of a person with an item on its custody log and on the record, both or neither. */
export async function keepAct(
  tx: Queryable,
  actor: Actor,
  item: OpenItem,
  kind: string,
  custody: Omit<Custody, "by"> & { readonly sentence: string },
): Promise<void> {
  const { sentence, ...rest } = custody;
  await keepCustody(tx, item.id, { ...rest, by: actor });
  await appendAnyway(tx, [
    {
      chain: item.incidentId ?? consoleChain,
      kind,
      by: actor,
      summary: sentence,
      details: { refs: { evidence: item.id } },
    },
  ]);
}

/** Somebody looked at an item: on record once per person in ten minutes. @throws not_found */
export async function noteView({
  ctx: { db, actor },
  input,
}: {
  ctx: Acting;
  input: z.output<typeof itemInput>;
}): Promise<void> {
  const item = await requireItem(db, actor, input.itemId);
  await db.transaction(async (tx) => {
    await tx.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 4270121))", [`${item.id} ${actor.id}`]);
    const seen = await tx.query(
      "SELECT 1 FROM evidence_custody WHERE item_id = $1 AND act = 'viewed' AND by_id = $2 AND at > clock_timestamp() - interval '10 minutes' LIMIT 1",
      [item.id, actor.id],
    );
    if (seen.length > 0) return;
    await keepAct(tx, actor, item, "evidence.viewed", {
      act: "viewed",
      note: "Opened its page",
      sentence: `${actor.name} looked at preserved evidence`,
    });
  });
}

/** Records to whom an item was handed. @throws not_found, precondition_failed while it is not whole */
export async function handOver({
  ctx: { db, actor },
  input,
}: {
  ctx: Acting;
  input: z.output<typeof handOverInput>;
}): Promise<void> {
  const item = await requireItem(db, actor, input.itemId);
  if (item.state !== "whole" && item.state !== "partial")
    throw new DomainError("precondition_failed", "Only what has ended and holds something can be handed over.");
  const how = input.note === "" ? "" : `. ${input.note}`;
  await db.transaction((tx) =>
    keepAct(tx, actor, item, "evidence.handed-over", {
      act: "handed-over",
      note: `To ${input.to}${how}`,
      sentence: `${actor.name} handed preserved evidence over to ${input.to}${how}`,
    }),
  );
}
