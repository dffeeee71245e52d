import { type ActionName, policyOf } from "@/server/auth/action-policy";
import type { Actor } from "@/server/auth/roles";
import { viewerParams, visibleTo } from "@/server/incidents/visible-to";
import type { ZonesOfAct } from "@/server/investigation/schemas";
import { DomainError } from "@/server/platform/errors";
import type { Queryable } from "@/server/platform/postgres";
import { appendAnyway } from "@/server/timeline/append-anyway";

type Act = { readonly action: ActionName; readonly zones: ZonesOfAct; readonly actor: Actor };
type Open = {
  readonly zoneId: string;
  readonly zone: string;
  readonly incidentId: string;
  readonly number: number;
  readonly visible: boolean;
};

const most = 100;
const named = 5; // zones that a sentence names before it counts

/** The open tamper investigations of the zones (0030_zones-under-investigation.sql says which those are). */
async function investigationsOf(db: Queryable, actor: Actor, zones: ZonesOfAct): Promise<Open[]> {
  if (zones !== "every" && zones.length === 0) return [];
  return db.query<Open>(
    `SELECT o.zone_id AS "zoneId", i.id AS "incidentId", i.number::int AS number, ${visibleTo("i", 1)} AS visible,
            coalesce((SELECT r.zone_name FROM guided_runs r WHERE r.zone_id = o.zone_id LIMIT 1),
                     (SELECT t.zone_name FROM audit_troubles t WHERE t.zone_id = o.zone_id LIMIT 1), o.zone_id) AS zone
       FROM open_investigations o JOIN incidents i ON i.id = o.incident_id
      WHERE $3::text[] IS NULL OR o.zone_id = ANY ($3) ORDER BY i.number, o.zone_id LIMIT ${most}`,
    [...viewerParams(actor), zones === "every" ? null : zones],
  );
}

function zoneNames(open: readonly Open[]): string {
  const zones = [...new Set(open.map(({ zone }) => zone))];
  const rest = zones.length - named;
  return zones.length === 1
    ? `zone ${zones[0]}`
    : `zones ${zones.slice(0, named).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

/** Incidents that the person may not see are not named. */
function refusal(action: ActionName, open: readonly Open[]): DomainError {
  const numbers = [...new Set(open.filter(({ visible }) => visible).map(({ number }) => `INC-${number}`))];
  const where = `${zoneNames(open)}${numbers.length === 0 ? "" : ` (${numbers.join(", ")})`}`;
  return new DomainError(
    "precondition_failed",
    `Nothing was done: a tamper investigation is open on ${where}, and "${policyOf(action).label}" may change what is evidence. Say why it is needed all the same: it goes on the investigation's record.`,
    { underInvestigation: true },
  );
}

/**
 * Refuses an act on a zone that is under tamper investigation unless it comes with a reason; puts nothing on record.
 * @throws precondition_failed with the fact `underInvestigation`
 */
export async function wantReason(db: Queryable, act: Act, reason: string | null): Promise<void> {
  if (reason !== null) return;
  const open = await investigationsOf(db, act.actor, act.zones);
  if (open.length > 0) throw refusal(act.action, open);
}

/**
 * The guard that every act on Caracal passes before its effect: in a zone that is under tamper investigation it needs a reason, which
 * goes on the timeline of each of those incidents in the caller's transaction.
 * @throws precondition_failed with the fact `underInvestigation` when there is no reason
 */
export async function passGuard(tx: Queryable, act: Act, reason: string | null): Promise<void> {
  const open = await investigationsOf(tx, act.actor, act.zones);
  if (open.length === 0) return;
  if (reason === null) throw refusal(act.action, open);
  const incidents = [...new Set(open.map(({ incidentId }) => incidentId))];
  await appendAnyway(
    tx,
    incidents.map((chain) => {
      const zones = open.filter(({ incidentId }) => incidentId === chain);
      return {
        chain,
        kind: "incident.touched",
        by: act.actor,
        summary: `${act.actor.name} goes ahead with "${policyOf(act.action).label}" in ${zoneNames(zones)} although it is under tamper investigation: ${reason}`,
        details: { parameters: { action: act.action, zones: zones.map(({ zoneId }) => zoneId) } },
      };
    }),
  );
}
