import type { Queryable } from "@/server/platform/postgres";
import { fail, few, type Finding, ok } from "@/server/runtime/doctor/finding";

const auditTables = ["audit_events", "audit_ingest_alerts", "audit_export_watermark", "admin_audit_events"] as const;

/** What the running role could change in Caracal's audit tables and their partitions, as "UPDATE audit_events". */
const writable = (db: Queryable): Promise<{ what: string }[]> =>
  db.query(
    `WITH RECURSIVE audit AS (
       SELECT c.oid, c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($1)
       UNION SELECT c.oid, c.relname FROM audit a JOIN pg_inherits i ON i.inhparent = a.oid JOIN pg_class c ON c.oid = i.inhrelid)
     SELECT p.privilege || ' ' || a.relname AS what FROM audit a, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS p(privilege)
      WHERE has_table_privilege(a.oid, p.privilege) OR (p.privilege IN ('INSERT', 'UPDATE') AND has_any_column_privilege(a.oid, p.privilege))
      ORDER BY a.relname, p.privilege LIMIT 500`,
    [auditTables],
  );

/** The console must not be able to write what it judges: a verdict on the audit chain is worth nothing from somebody who could have changed it. */
export async function checkAuditGrants(db: Queryable): Promise<Finding> {
  const name = "audit tables";
  const may = await writable(db);
  return may.length === 0
    ? ok(name, "The console's role cannot write to any audit table.")
    : fail(
        name,
        `The console's role may ${few(may.map(({ what }) => what))}: whoever doubts a verdict on the audit chain can say that the console wrote it.`,
        "Make the role of deploy/grants.sql and use it in CARACAL_DATABASE_URL; that file also takes these privileges back.",
      );
}
