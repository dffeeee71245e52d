import type { Queryable } from "@/server/platform/postgres";

/** True when two people have signed the current revision of the incident's post-mortem. */
export async function postMortemSignedOff(db: Queryable, incidentId: string): Promise<boolean> {
  const [row] = await db.query<{ signed: number }>(
    `SELECT count(*)::int AS signed FROM post_mortem_signatures s
       JOIN post_mortems p ON p.incident_id = s.incident_id AND p.revision = s.revision
      WHERE s.incident_id = $1 AND s.withdrawn_at IS NULL`,
    [incidentId],
  );
  return (row?.signed ?? 0) >= 2;
}
