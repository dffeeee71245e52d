import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import type { IncidentContext } from "@/server/incidents/act-on-incident";
import { incidentColumns, type IncidentRow } from "@/server/incidents/incident-rows";
import type { IncidentClock, IncidentSummary, listIncidentsInput } from "@/server/incidents/schemas";
import { viewerParams, visibleTo } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import { exactInstantSql } from "@/server/platform/exact-time";
import { decodeCursor, encodeCursor, timeAndId } from "@/server/platform/keyset-cursor";
import { type Page, pageOf } from "@/server/platform/page";
import type { Queryable } from "@/server/platform/postgres";

export type ClockRow = {
  readonly kind: IncidentClock["kind"];
  readonly due_at: string;
  readonly warn_at: string;
  readonly warned_at: string | null;
  readonly breached_at: string | null;
  readonly met_at: string | null;
};
type SummaryRow = IncidentRow & {
  readonly exact_at: string;
  readonly lead_id: string | null;
  readonly lead_name: string | null;
  readonly clock: ClockRow | null;
  readonly open_signals: number;
  readonly seq: number;
};

/** Everything that a summary shows beside the row itself; `i` is the incident. */
const summaryColumns = `${incidentColumns}, ${exactInstantSql("i.declared_at")} AS exact_at,
  lead.person_id AS lead_id, lead.name AS lead_name,
  (SELECT to_json(c) FROM incident_clocks c WHERE c.incident_id = i.id AND c.met_at IS NULL ORDER BY c.due_at LIMIT 1) AS clock,
  (SELECT count(*) FROM incident_signals x JOIN signal_records s ON s.id = x.signal_id
    WHERE x.incident_id = i.id AND s.cleared_at IS NULL)::int AS open_signals,
  coalesce((SELECT h.seq FROM timeline_heads h WHERE h.chain = i.id), 0)::int AS seq`;
const leadJoin = `LEFT JOIN LATERAL (
  SELECT r.person_id, p.display_name AS name FROM incident_roles r JOIN people p ON p.id = r.person_id
   WHERE r.incident_id = i.id AND r.role = 'lead' AND r.until IS NULL) lead ON true`;

/** A clock as the screens show it: met, else breached, else warned, else running. */
export const clockView = (clock: ClockRow): IncidentClock => ({
  kind: clock.kind,
  dueAt: new Date(clock.due_at).toISOString(),
  warnAt: new Date(clock.warn_at).toISOString(),
  state:
    clock.met_at !== null
      ? "met"
      : clock.breached_at !== null
        ? "breached"
        : clock.warned_at !== null
          ? "warned"
          : "running",
});

function summaryOf(row: SummaryRow): IncidentSummary {
  return {
    id: row.id,
    number: row.number,
    title: row.title,
    severity: row.severity,
    state: row.state,
    restricted: row.restricted,
    drill: row.drill,
    declaredAt: row.declared_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    lead: row.lead_id === null || row.lead_name === null ? null : { id: row.lead_id, name: row.lead_name },
    nextClock: row.clock === null ? null : clockView(row.clock),
    openSignals: row.open_signals,
    mergedInto:
      row.merged_into === null
        ? null
        : row.merged_number === null
          ? { id: null, number: null }
          : { id: row.merged_into, number: row.merged_number },
    acknowledged: row.acknowledged_at !== null,
    seq: row.seq,
  };
}

/** One incident as a row, if the viewer may see it. @throws not_found */
export async function incidentSummary(
  db: Queryable,
  actor: Pick<Actor, "id" | "roles">,
  incidentId: string,
): Promise<IncidentSummary> {
  const [row] = await db.query<SummaryRow>(
    `SELECT ${summaryColumns} FROM incidents i ${leadJoin} WHERE i.id = $3 AND ${visibleTo("i", 1)}`,
    [...viewerParams(actor), incidentId],
  );
  if (row === undefined) throw new DomainError("not_found", "There is no such incident, or it is not open to you.");
  return summaryOf(row);
}

export type OpenIncident = IncidentSummary & { readonly memberIds: readonly string[] };

/** Open incidents, worst first and then oldest, at most 50, with who may see the restricted ones: for the live board. */
export async function openIncidents(db: Queryable): Promise<readonly OpenIncident[]> {
  const rows = await db.query<SummaryRow & { members: string[] | null }>(
    `SELECT ${summaryColumns},
            (SELECT array_agg(m.person_id::text) FROM incident_members m WHERE m.incident_id = i.id AND m.active) AS members
       FROM incidents i ${leadJoin}
      WHERE i.state <> 'closed' AND i.merged_into IS NULL ORDER BY i.severity, i.declared_at LIMIT 50`,
    [true, null], // none of them was merged; who may see which is asked of each viewer
  );
  return rows.map((row) => ({ ...summaryOf(row), memberIds: row.members ?? [] }));
}

/** Severity (of open ones, which are listed by it; else empty), time, id. */
function incidentKey([severity = "", ...rest]: readonly string[]): readonly [string, string, string] | null {
  const keys = timeAndId(rest);
  return keys === null || !/^(P[1-4])?$/.test(severity) ? null : [severity, ...keys];
}

/**
 * Incidents that the viewer may see, by keyset. Open ones worst first, then newest; closed and all newest first. Text is looked
 * for in the title, or is a number as in INC-14. Merged ones are among the closed. @throws stale_cursor
 */
export async function listIncidents({
  ctx: { db, actor },
  input,
}: {
  ctx: IncidentContext;
  input: z.output<typeof listIncidentsInput>;
}): Promise<Page<IncidentSummary>> {
  const byWorst = input.show === "open";
  const filter = { show: input.show, severities: input.severities.join(","), text: input.text };
  const [severity, at, id] = decodeCursor("incidents", filter, input.cursor, incidentKey) ?? ["", null, null];
  const number = /^(?:inc-?)?(\d{1,9})$/i.exec(input.text)?.[1] ?? null;
  const after = byWorst
    ? "(i.severity > $6 OR (i.severity = $6 AND (i.declared_at, i.id) < ($3::timestamptz, $4::uuid)))"
    : "($6::text IS NULL AND (i.declared_at, i.id) < ($3::timestamptz, $4::uuid))";
  const rows = await db.query<SummaryRow>(
    `SELECT ${summaryColumns} FROM incidents i ${leadJoin}
      WHERE ${visibleTo("i", 1)}
        AND ($3::timestamptz IS NULL OR ${after})
        AND ($5 = 'all' OR (i.state <> 'closed' AND i.merged_into IS NULL) = ($5 = 'open'))
        AND (cardinality($7::text[]) = 0 OR i.severity = ANY ($7))
        AND ($8::text = '' OR i.title ILIKE '%' || $8 || '%' OR i.number = $9::bigint)
      ORDER BY ${byWorst ? "i.severity, " : ""}i.declared_at DESC, i.id DESC LIMIT $10`,
    [
      ...viewerParams(actor),
      at,
      id,
      input.show,
      severity === "" ? null : severity,
      input.severities,
      input.text.replaceAll(/[\\%_]/g, "\\$&"),
      number,
      input.limit + 1,
    ],
  );
  const { rows: page, nextCursor } = pageOf(rows, input.limit, (last) =>
    encodeCursor("incidents", filter, [byWorst ? last.severity : "", last.exact_at, last.id]),
  );
  return {
    rows: page.map(summaryOf),
    nextCursor,
  };
}
