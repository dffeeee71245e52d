import type { z } from "zod";
import { readAuditZones } from "@/server/caracal/audit-read";
import { readStrangeZones, sampleVocabulary } from "@/server/caracal/audit-vocabulary";
import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import { exactInstantSql } from "@/server/platform/exact-time";
import { requireAuditZone } from "@/server/audit/require-audit-zone";
import type { AuditVocabulary, auditTypesInput } from "@/server/audit/schemas";

const bounds = { timeoutMs: 2_500, narrow: "Pick a zone first." };
const sampledRows = 20_000;
const days = 7;
const mostZones = 500;
const mostStrange = 50;

/**
 * The event types, decisions and statuses that the last 7 days (by the database's clock) really have, from a bounded
 * sample spread over zones and days, and the zones that events have and Caracal has not. @throws DomainError not_found (zone), precondition_failed, source_unreachable.
 */
export async function getVocabulary({
  ctx,
  input,
}: {
  ctx: { caracal: Pick<Deployment, "db"> };
  input: z.infer<typeof auditTypesInput>;
}): Promise<AuditVocabulary> {
  const { zoneId } = input;
  return boundedRead(ctx.caracal.db, bounds, async (tx) => {
    if (zoneId !== undefined) await requireAuditZone(tx, zoneId);
    const [window] = await tx.query<{ since: string; until: string }>(
      `SELECT ${exactInstantSql("now() - make_interval(days => $1)")} AS since,
              ${exactInstantSql("now() + interval '1 microsecond'")} AS until`,
      [days],
    );
    const zones = await readAuditZones(tx, null, mostZones);
    const strangeZones = await readStrangeZones(tx, zones, mostStrange);
    if (window === undefined) return { eventTypes: [], decisions: [], evaluationStatuses: [], strangeZones };
    const zoneIds = zoneId === undefined ? zones : [zoneId];
    const perDay = Math.max(5, Math.min(500, Math.floor(sampledRows / (days * Math.max(1, zoneIds.length)))));
    return { ...(await sampleVocabulary(tx, zoneIds, window, perDay)), strangeZones };
  });
}
