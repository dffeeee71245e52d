import { randomUUID } from "node:crypto";
import { z } from "zod";
import { agreedAs } from "@/server/approvals/agreed-as";
import type { ApprovedAction, Json, Stored } from "@/server/approvals/approved-action";
import { brakeEntry } from "@/server/brakes/brake-entry";
import { freezeParameters } from "@/server/brakes/schemas";
import { type PolicyBinding, readBindings } from "@/server/caracal/brakes/policy-bindings";
import type { Deployment } from "@/server/caracal/deployment";
import { findZone } from "@/server/caracal/revocation/subject-sessions";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";

type Parts = { readonly db: Database; readonly caracal: Pick<Deployment, "db"> };

const agreed = z.object({ zoneId: z.string(), zone: z.string() });
const bindingsThen = z.object({ bindings: z.record(z.string(), z.string().nullable()) });

const versionsOf = (bindings: readonly PolicyBinding[]): { readonly [policySetId: string]: Json } =>
  Object.fromEntries(bindings.map(({ policySetId, versionId }) => [policySetId, versionId]));

function zoneOf(parameters: unknown): string {
  const parsed = freezeParameters.safeParse(parameters);
  if (!parsed.success) throw new DomainError("bad_input", "Freezing needs the id of one zone and nothing else.");
  return parsed.data.zoneId;
}

async function openFreeze(db: Database, zoneId: string): Promise<string | null> {
  const [row] = await db.query<{ by: string }>(
    "SELECT frozen_by_name AS by FROM zone_freezes WHERE zone_id = $1 AND state <> 'thawed'",
    [zoneId],
  );
  return row?.by ?? null;
}

/** "Freeze a zone" as two people agree on it: exactly these policy bindings lose their versions (contract section 2). */
export function freezeZoneAction({ db, caracal }: Parts): ApprovedAction<"freeze-zone"> {
  return {
    action: "freeze-zone",
    async freeze(parameters) {
      const zoneId = zoneOf(parameters);
      const zone = await findZone(caracal.db, zoneId);
      if (zone === null)
        throw new DomainError("not_found", "No such zone in this deployment. Nothing was asked for.", { zoneId });
      const by = await openFreeze(db, zoneId);
      if (by !== null) throw new DomainError("conflict", `Zone ${zone.name} is frozen already, by ${by}.`);
      const bindings = await readBindings(caracal.db, zoneId);
      const active = bindings.filter(({ versionId }) => versionId !== null);
      if (active.length === 0)
        throw new DomainError(
          "precondition_failed",
          `No policy set of zone ${zone.name} has an active version: nothing is minted there.`,
        );
      const [sessions] = await caracal.db.query<{ live: number }>(
        `SELECT count(*)::int AS live FROM (
           SELECT 1 FROM sessions WHERE zone_id = $1 AND status = 'active' AND expires_at > now() LIMIT 100001) capped`,
        [zoneId],
      );
      return {
        parameters: { zoneId, zone: zone.name },
        targets: active.map(({ policySetId, versionId }) => `${policySetId}@${versionId}`),
        preconditions: { bindings: versionsOf(bindings) },
        blast: {
          sentence: `No STS mints in zone ${zone.name} until it is thawed; ${active.length} policy ${active.length === 1 ? "set loses its" : "sets lose their"} active version`,
          figures: [
            { name: "policy sets with a version", value: active.length, source: "policy_set_bindings" },
            { name: "live sessions that cannot renew", value: sessions?.live ?? 0, source: "sessions" },
          ],
        },
        severity: "P1",
        playbookVersion: "freeze-zone@1",
      };
    },
    zonesOf: ({ parameters }) => [agreedAs(agreed, parameters).zoneId],
    async recheck(stored) {
      const { zoneId } = agreedAs(agreed, stored.parameters);
      const by = await openFreeze(db, zoneId);
      if (by !== null) return `The zone has been frozen meanwhile, by ${by}.`;
      const { bindings: before } = agreedAs(bindingsThen, stored.preconditions);
      const now = versionsOf(await readBindings(caracal.db, zoneId));
      const changed = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter(
        (id) => (before[id] ?? null) !== (now[id] ?? null),
      );
      return changed.length === 0 ? null : `Policy bindings have changed since: ${changed.join(", ")}.`;
    },
    async start(tx, stored, by) {
      const id = randomUUID();
      const { zoneId, zone } = agreedAs(agreed, stored.parameters);
      const { bindings } = agreedAs(bindingsThen, stored.preconditions);
      const rows = await tx.query(
        `INSERT INTO zone_freezes (id, zone_id, zone_name, incident_id, approval_id, planned, frozen_by_id, frozen_by_name, reason, heartbeat_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'epoch') ON CONFLICT DO NOTHING RETURNING 1`,
        [
          id,
          zoneId,
          zone,
          stored.incidentId,
          stored.approvalId,
          JSON.stringify(bindings),
          by.id,
          by.name,
          stored.reason,
        ],
      );
      if (rows.length === 0) throw new DomainError("conflict", `Zone ${zone} has been frozen meanwhile.`);
      await holdSignal(tx, stored, zoneId);
      await brakeEntry(tx, stored.incidentId, {
        kind: "brake.freeze-ordered",
        by,
        summary: `Freeze of zone ${zone} ordered: ${stored.reason}`,
        details: { refs: { freeze: id, approval: stored.approvalId }, parameters: { zoneId }, before: bindings },
      });
      return `freeze:${id}`;
    },
    wake: async () => undefined, // the brake worker of any replica finds it within half a second
  };
}

/** The P1 signal that a frozen zone is belongs to the incident it was frozen for, and must not declare another. */
async function holdSignal(tx: { query: Database["query"] }, stored: Stored, zoneId: string): Promise<void> {
  if (stored.incidentId === null) return;
  await tx.query(
    `INSERT INTO incident_keys (incident_id, dedupe_key)
     SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM incident_keys WHERE dedupe_key = $2 AND open)
     ON CONFLICT (incident_id, dedupe_key) DO UPDATE SET open = true`,
    [stored.incidentId, `zone-frozen:${zoneId}`],
  );
}
