import { repeat, type Repeating } from "@/server/jobs/repeat";
import { queueNotice } from "@/server/notifications/queue-notice";
import type { Database } from "@/server/platform/postgres";
import type { Severity } from "@/server/platform/severity";
import { appendEntries } from "@/server/timeline/append-entries";

type DueClock = {
  readonly incident_id: string;
  readonly kind: "update" | "post-mortem";
  readonly due: string;
  readonly breached: boolean;
};
type Marked = { readonly severity: Severity; readonly title: string; readonly drill: boolean };

const what = { update: "An update", "post-mortem": "The post-mortem" } as const;
const exact = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** Marks one clock as warned or breached; only the replica whose UPDATE comes first tells it. Entry and notice are in its transaction. */
async function mark(db: Database, clock: DueClock): Promise<boolean> {
  return db.transaction(async (tx) => {
    const [row] = await tx.query<Marked>(
      `UPDATE incident_clocks c
          SET warned_at = coalesce(c.warned_at, clock_timestamp())${clock.breached ? ", breached_at = clock_timestamp()" : ""}
         FROM incidents i
        WHERE i.id = c.incident_id AND c.incident_id = $1 AND c.kind = $2 AND c.due_at = $3 AND c.met_at IS NULL
          AND i.state <> 'closed' AND i.merged_into IS NULL AND c.${clock.breached ? "breached_at" : "warned_at"} IS NULL
        RETURNING i.severity, i.title, i.drill`,
      [clock.incident_id, clock.kind, clock.due],
    );
    if (row === undefined) return false;
    const sentence = clock.breached
      ? `${what[clock.kind]} is overdue since ${clock.due}`
      : `${what[clock.kind]} is due by ${clock.due}`;
    if (!row.drill)
      await queueNotice(tx, {
        key: `clock-${clock.breached ? "breached" : "warning"}:${clock.incident_id}:${clock.kind}:${clock.due}`,
        kind: clock.breached ? "clock-breached" : "clock-warning",
        incidentId: clock.incident_id,
        severity: row.severity,
        sentence: `${sentence}: ${row.title}`.slice(0, 300),
        path: `/incidents/${clock.incident_id}`,
      });
    await appendEntries(tx, [
      {
        chain: clock.incident_id,
        kind: clock.breached ? "clock.breached" : "clock.warned",
        by: null,
        summary: sentence,
        details: { parameters: { clock: clock.kind, due: clock.due } },
      },
    ]);
    return true;
  });
}

/** Tells what is due soon and what is overdue, each clock once in any number of replicas. Gives how many it told. */
export async function tellClocks(db: Database): Promise<number> {
  const due = await db.query<DueClock>(
    `SELECT incident_id, kind, ${exact("due_at")} AS due, due_at <= now() AS breached FROM incident_clocks
      WHERE met_at IS NULL AND breached_at IS NULL AND warn_at <= now() AND (warned_at IS NULL OR due_at <= now())
      ORDER BY warn_at LIMIT 100`,
  );
  let told = 0;
  for (const clock of due) if (await mark(db, clock)) told += 1;
  return told;
}

/** Looks at the clocks every two seconds while it runs. */
export const createClockTeller = (db: Database): Repeating =>
  repeat("clocks", 2_000, async () => {
    await tellClocks(db);
  });
