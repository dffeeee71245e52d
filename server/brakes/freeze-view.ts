import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import type { FreezeRow } from "@/server/brakes/freeze-rows";
import { psqlLine, redisLine, sqlText } from "@/server/playbooks/revoke-session/shell-quote";
import type { FreezeView, freezeInput, listFreezesInput } from "@/server/brakes/schemas";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import { decodeCursor, encodeCursor, timeAndId } from "@/server/platform/keyset-cursor";
import { exactInstantSql } from "@/server/platform/exact-time";
import { type Page, pageOf } from "@/server/platform/page";
import type { Database } from "@/server/platform/postgres";

type Context = { readonly db: Database; readonly actor: Pick<Actor, "id" | "roles"> };
type Row = FreezeRow & {
  readonly exact: string;
  readonly incident_number: number | null;
  readonly incident_title: string | null;
};

const columns = `f.*, ${exactInstantSql("f.requested_at")} AS exact,
  (SELECT i.number::int FROM incidents i WHERE i.id = f.incident_id) AS incident_number,
  (SELECT i.title FROM incidents i WHERE i.id = f.incident_id) AS incident_title`;
const iso = (at: Date | null): string | null => at?.toISOString() ?? null;
const freezeKey = (position: readonly string[]): readonly [string, string, string] | null => {
  const [over = "", ...rest] = position;
  const keys = timeAndId(rest);
  return keys === null || !/^[01]$/.test(over) ? null : [over, ...keys];
};

/** The same by hand, with the real values: for the colleague without a console. */
function commandsOf(row: Row): FreezeView["commands"] {
  const zone = sqlText(row.zone_id);
  const back = (row.before ?? [])
    .filter(({ versionId }) => versionId !== null)
    .map(
      ({ policySetId, versionId }) =>
        `UPDATE policy_set_bindings SET active_version_id = ${sqlText(versionId ?? "")} WHERE zone_id = ${zone} AND policy_set_id = ${sqlText(policySetId)} AND active_version_id IS NULL;`,
    );
  return [
    {
      title: "Write down what stands, first",
      command: psqlLine(`SELECT policy_set_id, active_version_id FROM policy_set_bindings WHERE zone_id = ${zone}`),
    },
    {
      title: "Freeze",
      command: psqlLine(`UPDATE policy_set_bindings SET active_version_id = NULL WHERE zone_id = ${zone}`),
    },
    {
      title: "See which STS was handed a message (its idle drops)",
      command: redisLine("XINFO", "CONSUMERS", "caracal.policy.invalidate", "opa-engine"),
    },
    ...(back.length === 0 ? [] : [{ title: "Thaw: put back exactly what was", command: psqlLine(back.join(" ")) }]),
  ];
}

function viewOf(row: Row): FreezeView {
  return {
    id: row.id,
    state: row.state,
    zone: { id: row.zone_id, name: row.zone_name },
    requestedBy: { id: row.frozen_by_id, name: row.frozen_by_name },
    thawedBy:
      row.thawed_by_id === null || row.thawed_by_name === null
        ? null
        : { id: row.thawed_by_id, name: row.thawed_by_name },
    approvalId: row.approval_id,
    incident:
      row.incident_id === null || row.incident_number === null
        ? null
        : { id: row.incident_id, number: row.incident_number, title: row.incident_title ?? "" },
    reason: row.reason,
    thawReason: row.thaw_reason,
    requestedAt: row.requested_at.toISOString(),
    nulledAt: iso(row.nulled_at),
    frozenAt: iso(row.frozen_at),
    thawRequestedAt: iso(row.thaw_asked_at),
    restoredAt: iso(row.restored_at),
    thawedAt: iso(row.thawed_at),
    replicas: row.proof,
    bindings: (row.before ?? []).map(({ policySetId, versionId }) => ({ policySetId, version: versionId })),
    leftAlone: row.left_alone,
    publications: row.publications,
    error: row.error,
    commands: commandsOf(row),
  };
}

/** Freezes that the viewer may see: those that hold first, then newest; by keyset. @throws stale_cursor */
export async function listFreezes({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof listFreezesInput>;
}): Promise<Page<FreezeView>> {
  const after = decodeCursor("freezes", {}, input.cursor, freezeKey);
  const rows = await ctx.db.query<Row & { over: boolean }>(
    `SELECT ${columns}, f.state = 'thawed' AS over FROM zone_freezes f
      WHERE ${visibleByIncident("f.incident_id", 1)}
        AND ($3::boolean IS NULL OR (f.state = 'thawed') > $3 OR ((f.state = 'thawed') = $3 AND (f.requested_at, f.id) < ($4::timestamptz, $5::uuid)))
      ORDER BY f.state = 'thawed', f.requested_at DESC, f.id DESC LIMIT $6`,
    [
      ...viewerParams(ctx.actor),
      after === null ? null : after[0] === "1",
      after?.[1] ?? null,
      after?.[2] ?? null,
      input.limit + 1,
    ],
  );
  const { rows: page, nextCursor } = pageOf(rows, input.limit, (last) =>
    encodeCursor("freezes", {}, [last.over ? "1" : "0", last.exact, last.id]),
  );
  return {
    rows: page.map(viewOf),
    nextCursor,
  };
}

/** One freeze with its proof. @throws not_found */
export async function getFreeze({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof freezeInput>;
}): Promise<FreezeView> {
  const [row] = await ctx.db.query<Row>(
    `SELECT ${columns} FROM zone_freezes f WHERE f.id = $3 AND ${visibleByIncident("f.incident_id", 1)}`,
    [...viewerParams(ctx.actor), input.freezeId],
  );
  if (row === undefined) throw new DomainError("not_found", "There is no such freeze, or it is not open to you.");
  return viewOf(row);
}
