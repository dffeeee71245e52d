import type { MaintenanceWindow, Tier } from "@/server/notifications/schemas";
import type { Queryable } from "@/server/platform/postgres";
import type { Severity } from "@/server/platform/severity";

type WindowRow = {
  id: string;
  starts_at: Date;
  ends: Date;
  severities: Severity[];
  tiers: Tier[];
  include_p1: boolean;
  reason: string;
  by_name: string;
  ended_by: string | null;
  state: MaintenanceWindow["state"];
};

const columns = `id, starts_at, coalesce(ended_at, ends_at) AS ends, severities, tiers, include_p1, reason, by_name, ended_by,
  CASE WHEN coalesce(ended_at, ends_at) <= now() THEN 'over' WHEN starts_at <= now() THEN 'in-force' ELSE 'coming' END AS state`;

const viewOf = (row: WindowRow): MaintenanceWindow => ({
  id: row.id,
  from: row.starts_at.toISOString(),
  until: row.ends.toISOString(),
  severities: row.severities,
  tiers: row.tiers,
  includeP1: row.include_p1,
  reason: row.reason,
  by: row.by_name,
  endedBy: row.ended_by,
  state: row.state,
});

/** Windows that are not over, by the database's clock, at most 200: what deliveries are held against. */
export async function standingWindows(db: Queryable): Promise<readonly MaintenanceWindow[]> {
  const rows = await db.query<WindowRow>(
    `SELECT ${columns} FROM maintenance_windows
      WHERE ends_at > now() AND (ended_at IS NULL OR ended_at > now()) ORDER BY starts_at, id LIMIT 200`,
  );
  return rows.map(viewOf);
}

/** Windows for the screen, those that end last first, at most 100. */
export async function listMaintenance({ ctx }: { ctx: { db: Queryable } }): Promise<readonly MaintenanceWindow[]> {
  const rows = await ctx.db.query<WindowRow>(
    `SELECT ${columns} FROM maintenance_windows ORDER BY ends_at DESC, id DESC LIMIT 100`,
  );
  return rows.map(viewOf);
}

/** One window as it stands. */
export async function windowById(db: Queryable, id: string): Promise<MaintenanceWindow | null> {
  const [row] = await db.query<WindowRow>(`SELECT ${columns} FROM maintenance_windows WHERE id = $1`, [id]);
  return row === undefined ? null : viewOf(row);
}

/** The first window that silences this severity and tier at that time. P1 only when the window was ticked for it. */
export function silencedBy(
  windows: readonly MaintenanceWindow[],
  what: { readonly severity: Severity; readonly tier: Tier },
  at: Date,
): MaintenanceWindow | null {
  const time = at.getTime();
  return (
    windows.find(
      (window) =>
        Date.parse(window.from) <= time &&
        time < Date.parse(window.until) &&
        (window.tiers.length === 0 || window.tiers.includes(what.tier)) &&
        (what.severity === "P1"
          ? window.includeP1
          : window.severities.length === 0 || window.severities.includes(what.severity)),
    ) ?? null
  );
}

/** Why a message was held back, as the delivery and the timeline say it. */
export const silenceWords = (window: Pick<MaintenanceWindow, "until" | "by" | "reason">): string =>
  `Maintenance until ${window.until.slice(0, 16).replace("T", " ")} UTC, set by ${window.by}: ${window.reason}`;
