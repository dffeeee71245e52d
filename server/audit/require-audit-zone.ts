import { hasAuditEvents } from "@/server/caracal/audit-read";
import { requireZone } from "@/server/caracal/zones-read";
import { DomainError } from "@/server/platform/errors";
import type { Queryable } from "@/server/platform/postgres";

/** A zone of Caracal's, or an id that events carry though no zone has it (ingestion accepts any). @throws not_found. */
export async function requireAuditZone(tx: Queryable, zoneId: string): Promise<void> {
  try {
    await requireZone(tx, zoneId);
  } catch (error) {
    if (error instanceof DomainError && error.code === "not_found" && (await hasAuditEvents(tx, zoneId))) return;
    throw error;
  }
}
