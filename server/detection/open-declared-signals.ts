import type { DeclaredSignal } from "@/server/detection/facts";
import type { Queryable } from "@/server/platform/postgres";
import type { Severity } from "@/server/platform/severity";

/** Signals declared by hand or by Alertmanager that nobody has cleared, newest first, at most 100. */
export async function openDeclaredSignals(db: Queryable): Promise<readonly DeclaredSignal[]> {
  const rows = await db.query<{
    id: string;
    severity: Severity;
    sentence: string;
    zone_id: string | null;
    declared_by_name: string;
    declared_at: Date;
    source: DeclaredSignal["from"];
  }>(
    `SELECT id, severity, sentence, zone_id, declared_by_name, declared_at, source
       FROM declared_signals WHERE cleared_at IS NULL ORDER BY declared_at DESC LIMIT 100`,
  );
  return rows.map((row) => ({
    id: row.id,
    severity: row.severity,
    sentence: row.sentence,
    zoneId: row.zone_id,
    declaredBy: row.declared_by_name,
    at: row.declared_at.getTime(),
    from: row.source,
  }));
}
