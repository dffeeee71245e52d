import type { z } from "zod";
import type { Actor, Role } from "@/server/auth/roles";
import { requireVisible } from "@/server/incidents/visible-to";
import { exactInstantSql } from "@/server/platform/exact-time";
import type { Queryable } from "@/server/platform/postgres";
import type { EntryDetails, TimelineEntry, timelineInput, TimelinePage } from "@/server/timeline/schemas";

type Call = {
  ctx: { readonly db: Queryable; readonly actor: Pick<Actor, "id" | "roles"> };
  input: z.output<typeof timelineInput>;
};

type Row = {
  seq: number;
  at: string;
  kind: string;
  actor_id: string | null;
  actor_name: string;
  actor_roles: string;
  address: string | null;
  request_id: string | null;
  summary: string;
  details: EntryDetails;
  hash: string;
  pinned: boolean;
};

/** How many entries one page of a text search looks through. */
const textWindow = 5_000;

const columns = `e.seq::float8 AS seq, ${exactInstantSql("e.at")} AS at, e.kind, e.actor_id, e.actor_name, e.actor_roles, e.address,
  e.request_id, e.summary, e.details, e.hash,
  EXISTS (SELECT 1 FROM incident_pins p WHERE p.incident_id = e.chain AND p.seq = e.seq AND p.pinned) AS pinned`;

/**
 * The statement of one page: `$1` chain, `$2` and `$3` the numbers that it lies between (both excluded), `$4` families, `$5`
 * text, `$6` how many. Families are read one by one over their own index and merged, so that a rare one costs no scan.
 */
export function pageSql(input: Pick<Call["input"], "families" | "text" | "pinnedOnly">, forwards: boolean): string {
  const order = (column: string) => `ORDER BY ${column} ${forwards ? "ASC" : "DESC"} LIMIT $6`;
  const within = "e.chain = $1 AND e.seq > $2 AND e.seq < $3";
  const hasText =
    "(strpos(lower(e.summary), lower($5)) > 0 OR strpos(lower(e.actor_name), lower($5)) > 0 OR strpos(e.kind, lower($5)) > 0)";
  const inFamily = "split_part(e.kind, '.', 1) = ANY ($4::text[])";
  if (input.text !== "" || input.pinnedOnly) {
    const pinned = "SELECT p.seq FROM incident_pins p WHERE p.incident_id = $1 AND p.pinned";
    const conditions = [
      within,
      input.pinnedOnly ? `e.seq IN (${pinned})` : "true",
      `(cardinality($4::text[]) = 0 OR ${inFamily})`,
      `($5::text = '' OR ${hasText})`,
    ];
    return `SELECT ${columns} FROM timeline_entries e WHERE ${conditions.join(" AND ")} ${order("e.seq")}`;
  }
  if (input.families.length > 0)
    return `SELECT found.* FROM unnest($4::text[]) AS family (name) CROSS JOIN LATERAL (
              SELECT ${columns} FROM timeline_entries e WHERE ${within} AND split_part(e.kind, '.', 1) = family.name ${order("e.seq")}
            ) found WHERE $5::text = '' ${order("found.seq")}`;
  return `SELECT ${columns} FROM timeline_entries e WHERE ${within} AND cardinality($4::text[]) = 0 AND $5::text = '' ${order("e.seq")}`;
}

const entryOf = (row: Row): TimelineEntry => ({
  seq: row.seq,
  at: row.at,
  kind: row.kind,
  actor: {
    id: row.actor_id,
    name: row.actor_name,
    roles: row.actor_roles === "" ? [] : (row.actor_roles.split(",") as Role[]),
  },
  address: row.address,
  requestId: row.request_id,
  summary: row.summary,
  details: row.details,
  hash: row.hash,
  pinned: row.pinned,
});

/**
 * One page of an incident's timeline, oldest first, by number: before one, after one, or the newest. A text search looks
 * through 5,000 entries at a time, so that a page may hold little or nothing and still name where to go on.
 * @throws not_found when the viewer may not see the incident
 */
export async function listTimeline({ ctx, input }: Call): Promise<TimelinePage> {
  await requireVisible(ctx.db, ctx.actor, input.incidentId);
  const [head] = await ctx.db.query<{ seq: number; hash: string }>(
    "SELECT seq::float8 AS seq, hash FROM timeline_heads WHERE chain = $1",
    [input.incidentId],
  );
  if (head === undefined) return { entries: [], older: null, newer: null, head: { seq: 0, hash: "" } };
  const forwards = input.after != null;
  const window = input.text === "" || input.pinnedOnly ? head.seq + 1 : textWindow;
  const before = Math.min(input.before ?? head.seq + 1, head.seq + 1);
  const [above, below] = forwards
    ? [input.after ?? 0, Math.min((input.after ?? 0) + window, head.seq) + 1]
    : [Math.max(before - window - 1, 0), before];
  const families = [...new Set(input.families)];
  const rows = await ctx.db.query<Row>(pageSql(input, forwards), [
    input.incidentId,
    above,
    below,
    families,
    input.text,
    input.limit + 1,
  ]);
  const more = rows.length > input.limit;
  const shown = rows.slice(0, input.limit);
  if (!forwards) shown.reverse();
  const [first, last] = [shown[0]?.seq, shown.at(-1)?.seq];
  const ends = forwards
    ? {
        older: above > 0 ? above + 1 : null,
        newer: more ? (last ?? null) : below <= head.seq ? below - 1 : null,
      }
    : {
        older: more ? (first ?? null) : above > 0 ? above + 1 : null,
        newer: before <= head.seq ? before - 1 : null,
      };
  return { entries: shown.map(entryOf), ...ends, head };
}
