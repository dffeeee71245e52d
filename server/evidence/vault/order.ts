import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { requireChain } from "@/server/audit/require-chain";
import type { Actor } from "@/server/auth/roles";
import { partitionsOf } from "@/server/caracal/audit-partitions-read";
import type { Deployment } from "@/server/caracal/deployment";
import { keepCustody, scopeWords } from "@/server/evidence/vault/item-rows";
import type { itemInput, preserveInput, Scope, StoreName } from "@/server/evidence/vault/schemas";
import type { VaultStore } from "@/server/evidence/vault/store";
import { loadIncident } from "@/server/incidents/incident-rows";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import type { Database, Queryable } from "@/server/platform/postgres";
import { appendAnyway } from "@/server/timeline/append-anyway";
import { consoleChain } from "@/server/timeline/append-entries";

export type VaultActing = {
  readonly db: Database;
  readonly caracal: Pick<Deployment, "db">;
  readonly stores: ReadonlyMap<StoreName, VaultStore>;
  readonly actor: Actor;
};
type Call<Input> = { readonly ctx: VaultActing; readonly input: Input };

const mostWaiting = 20;

async function scopeOf({ caracal, stores }: VaultActing, input: z.output<typeof preserveInput>): Promise<Scope> {
  const absent = input.stores.find((name) => !stores.has(name));
  if (absent !== undefined)
    throw new DomainError(
      "precondition_failed",
      `No ${absent === "folder" ? "folder (EVIDENCE_FOLDER)" : "bucket (EVIDENCE_S3_BUCKET)"} is configured to preserve to.`,
    );
  const zone = input.zoneId == null ? null : await requireChain(caracal.db, input.zoneId);
  if (input.partition != null) {
    const known = await partitionsOf(caracal.db);
    if (!known.some(({ name }) => name === input.partition))
      throw new DomainError("not_found", `There is no partition ${input.partition}.`);
  }
  return {
    zone: zone === null ? null : { id: zone.id, name: zone.name },
    from: input.from ?? null,
    to: input.to ?? null,
    partition: input.partition ?? null,
    parts: [...new Set(input.parts)],
    stores: [...new Set(input.stores)],
  };
}

type Ordered = {
  readonly id: string;
  readonly incidentId: string | null;
  readonly scope: Scope;
  readonly reason: string;
  readonly redoOf: string | null;
};

async function insertItem(tx: Queryable, actor: Actor, { id, incidentId, scope, reason, redoOf }: Ordered) {
  const made = await tx.query(
    `INSERT INTO evidence_items (id, incident_id, reason, scope, zone_id, requested_by_id, requested_by_name, redo_of)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE (SELECT count(*) FROM evidence_items WHERE finished_at IS NULL) < ${mostWaiting}
     ON CONFLICT (redo_of) DO NOTHING RETURNING 1`,
    [id, incidentId, reason, JSON.stringify(scope), scope.zone?.id ?? null, actor.id, actor.name, redoOf],
  );
  if (made.length === 0)
    throw new DomainError(
      "conflict",
      redoOf === null ? `${mostWaiting} preservations are waiting already.` : "It was ordered anew already.",
    );
  await keepCustody(tx, id, { act: "ordered", by: actor, note: `${scopeWords(scope)}. ${reason}` });
  await appendAnyway(tx, [
    {
      chain: incidentId ?? consoleChain,
      kind: "evidence.ordered",
      by: actor,
      summary: `${actor.name} ordered that evidence be preserved: ${scopeWords(scope)}. ${reason}`,
      details: { parameters: { ...scope }, refs: { evidence: id } },
    },
  ]);
}

/** Orders that evidence be preserved. @throws not_found, precondition_failed, conflict, source_unreachable */
export async function orderPreservation({
  ctx,
  input,
}: Call<z.output<typeof preserveInput>>): Promise<{ readonly itemId: string }> {
  const scope = await scopeOf(ctx, input);
  const incidentId = input.incidentId ?? null;
  const id = randomUUID();
  await ctx.db.transaction(async (tx) => {
    if (incidentId !== null) await loadIncident(tx, ctx.actor, incidentId);
    await insertItem(tx, ctx.actor, { id, incidentId, scope, reason: input.reason, redoOf: null });
  });
  return { itemId: id };
}

/** Orders the same anew, for one that ended without being whole. @throws not_found, conflict, precondition_failed */
export async function redoPreservation({
  ctx,
  input,
}: Call<z.output<typeof itemInput>>): Promise<{ readonly itemId: string }> {
  const { db, actor } = ctx;
  const id = randomUUID();
  await db.transaction(async (tx) => {
    const [item] = await tx.query<{ state: string; incident_id: string | null; scope: Scope; reason: string }>(
      `SELECT state, incident_id, scope, reason FROM evidence_items v WHERE id = $3 AND ${visibleByIncident("v.incident_id", 1)}`,
      [...viewerParams(actor), input.itemId],
    );
    if (item === undefined) throw new DomainError("not_found", "There is no such item in the vault.");
    if (!["partial", "failed", "cancelled"].includes(item.state))
      throw new DomainError("precondition_failed", "Only what ended without being whole is done anew.");
    await insertItem(tx, actor, {
      id,
      incidentId: item.incident_id,
      scope: item.scope,
      reason: item.reason,
      redoOf: input.itemId,
    });
  });
  return { itemId: id };
}

/** Asks a preservation to stop; what is written until then stays, and is not whole. @throws not_found, conflict when it is over */
export async function cancelPreservation({
  ctx: { db, actor },
  input,
}: Call<z.output<typeof itemInput>>): Promise<void> {
  await db.transaction(async (tx) => {
    const [item] = await tx.query<{ incident_id: string | null; scope: Scope; state: string }>(
      `UPDATE evidence_items v SET cancel_asked_by = $4, state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END,
              finished_at = CASE state WHEN 'queued' THEN clock_timestamp() END
        WHERE id = $3 AND state IN ('queued', 'running') AND cancel_asked_by IS NULL AND ${visibleByIncident("v.incident_id", 1)}
        RETURNING incident_id, scope, state`,
      [...viewerParams(actor), input.itemId, actor.name],
    );
    if (item === undefined) throw new DomainError("conflict", "It is over, or is being stopped already.");
    await keepCustody(tx, input.itemId, { act: "cancelled", by: actor, note: "Asked it to stop" });
    await appendAnyway(tx, [
      {
        chain: item.incident_id ?? consoleChain,
        kind: "evidence.cancelled",
        by: actor,
        summary: `${actor.name} stopped the preservation of ${scopeWords(item.scope)}`,
        details: { refs: { evidence: input.itemId } },
      },
    ]);
  });
}
