import type { Queryable } from "@/server/platform/postgres";

/**
 * SQL condition: two people have signed the same bytes of the post-mortem's current revision, after the incident `alias` was
 * last resolved. A reopened incident that is resolved again needs new signatures.
 */
export const signedOffSql = (alias: string): string => `EXISTS (
  SELECT 1 FROM post_mortem_signatures s JOIN post_mortems p ON p.incident_id = s.incident_id AND p.revision = s.revision
   WHERE s.incident_id = ${alias}.id AND s.withdrawn_at IS NULL AND s.signed_at >= ${alias}.resolved_at
   GROUP BY s.digest HAVING count(*) >= 2)`;

/** True when the incident's post-mortem is signed off: what lets a P1 close. */
export async function postMortemSignedOff(db: Queryable, incidentId: string): Promise<boolean> {
  const rows = await db.query(`SELECT 1 FROM incidents i WHERE i.id = $1 AND ${signedOffSql("i")}`, [incidentId]);
  return rows.length === 1;
}
