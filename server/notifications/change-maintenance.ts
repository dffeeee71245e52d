import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { windowById } from "@/server/notifications/maintenance-windows";
import type { addMaintenanceInput, endMaintenanceInput, MaintenanceWindow } from "@/server/notifications/schemas";
import { DomainError } from "@/server/platform/errors";
import type { Database, Queryable } from "@/server/platform/postgres";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

type Context = { readonly db: Database; readonly actor: Actor };
const longestMs = 7 * 24 * 3_600_000;

async function stored(tx: Queryable, id: string): Promise<MaintenanceWindow> {
  const window = await windowById(tx, id);
  if (window === null) throw new DomainError("not_found", "There is no such maintenance window.");
  return window;
}

/**
 * Silences tiers for a while, on the record. P1 is silenced only when `includeP1` says so.
 * @throws bad_input for a window that is over, empty or longer than 7 days, or names P1 without the tick.
 */
export async function addMaintenance({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof addMaintenanceInput>;
}): Promise<MaintenanceWindow> {
  const length = Date.parse(input.until) - Date.parse(input.from);
  if (length <= 0) throw new DomainError("bad_input", "The window must end after it begins.");
  if (length > longestMs) throw new DomainError("bad_input", "A window lasts 7 days at most.");
  if (input.severities.includes("P1") && !input.includeP1)
    throw new DomainError("bad_input", "P1 is silenced only when that is ticked by itself.");
  return ctx.db.transaction(async (tx) => {
    const [row] = await tx.query<{ id: string; over: boolean }>(
      `INSERT INTO maintenance_windows (starts_at, ends_at, severities, tiers, include_p1, reason, by_id, by_name)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id, ends_at <= now() AS over`,
      [
        input.from,
        input.until,
        input.severities,
        input.tiers,
        input.includeP1,
        input.reason,
        ctx.actor.id,
        ctx.actor.name,
      ],
    );
    if (row === undefined) throw new Error("the maintenance window was not stored");
    if (row.over) throw new DomainError("bad_input", "The window is over already.");
    const window = await stored(tx, row.id);
    await appendEntries(tx, [
      {
        chain: consoleChain,
        kind: "notification.maintenance-set",
        by: ctx.actor,
        summary: `Silenced notifications until ${window.until.slice(0, 16).replace("T", " ")} UTC: ${input.reason}`,
        details: { after: window },
      },
    ]);
    return window;
  });
}

/** Ends a window now, on the record. @throws not_found, conflict when it is over already. */
export async function endMaintenance({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof endMaintenanceInput>;
}): Promise<MaintenanceWindow> {
  return ctx.db.transaction(async (tx) => {
    const before = await stored(tx, input.id);
    const ended = await tx.query(
      `UPDATE maintenance_windows SET ended_at = now(), ended_by = $2
        WHERE id = $1 AND ended_at IS NULL AND ends_at > now() RETURNING id`,
      [input.id, ctx.actor.name],
    );
    if (ended.length === 0) throw new DomainError("conflict", "This maintenance window is over already.");
    const after = await stored(tx, input.id);
    await appendEntries(tx, [
      {
        chain: consoleChain,
        kind: "notification.maintenance-ended",
        by: ctx.actor,
        summary: `Ended the maintenance window set by ${before.by}: ${before.reason}`,
        details: { before, after },
      },
    ]);
    return after;
  });
}
