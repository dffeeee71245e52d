import { z } from "zod";
import { agreedAs } from "@/server/approvals/agreed-as";
import type { ApprovedAction } from "@/server/approvals/approved-action";
import type { Deployment } from "@/server/caracal/deployment";
import { sessionCeiling } from "@/server/caracal/revocation/subject-sessions";
import { idText } from "@/server/platform/page";
import { DomainError } from "@/server/platform/errors";
import type { Database, Queryable } from "@/server/platform/postgres";
import type { RoundQueue } from "@/server/playbooks/round-queue";
import { startScopedRun } from "@/server/playbooks/start-scoped-run";

type Parts = { readonly db: Database; readonly caracal: Deployment; readonly jobs: RoundQueue };
type Live = { readonly id: string; readonly zoneId: string };

const mostZones = 100; // a run each, started in one transaction
const mostSessions = 50_000;
const asked = z.strictObject({ zoneIds: z.array(idText).min(2).max(mostZones).nullable() });
const approved = z.object({ zoneIds: z.array(z.string()).nullable() });
const until =
  "and sessions of those zones that are minted until each run's second sweep, at most an hour after the execution";

/** Live sessions of the zones (null: of every zone), one more than may be asked for at once (trap 5). */
const liveIn = (db: Queryable, zoneIds: readonly string[] | null): Promise<Live[]> =>
  db.query<Live>(
    `SELECT id, zone_id AS "zoneId" FROM sessions
      WHERE status = 'active' AND expires_at > now() AND ($1::text[] IS NULL OR zone_id = ANY ($1)) LIMIT $2`,
    [zoneIds, mostSessions + 1],
  );

/**
 * "Revoke every session of several or all zones" as two people agree on it: the sids are frozen over all zones, and each zone gets a
 * run of the revocation playbook with exactly its own, its proof, and the second sweep.
 */
export function revokeFleetAction({ db, caracal, jobs }: Parts): ApprovedAction<"revoke-fleet"> {
  return {
    action: "revoke-fleet",
    async freeze(parameters) {
      const parsed = asked.safeParse(parameters);
      if (!parsed.success)
        throw new DomainError(
          "bad_input",
          `Name two to ${mostZones} zones, or none for every zone. For one zone ask for that zone.`,
        );
      const zoneIds = parsed.data.zoneIds === null ? null : [...new Set(parsed.data.zoneIds)].sort();
      if (zoneIds !== null) {
        const known = await caracal.db.query("SELECT 1 FROM zones WHERE id = ANY ($1)", [zoneIds]);
        if (known.length < zoneIds.length)
          throw new DomainError("not_found", "One of the zones is not in this deployment. Nothing was asked for.");
      }
      const live = await liveIn(caracal.db, zoneIds);
      if (live.length === 0)
        throw new DomainError("precondition_failed", "No session of this scope is live. There is nothing to revoke.");
      const perZone = new Map<string, number>();
      for (const { zoneId } of live) perZone.set(zoneId, (perZone.get(zoneId) ?? 0) + 1);
      if (live.length > mostSessions || perZone.size > mostZones || Math.max(...perZone.values()) > sessionCeiling)
        throw new DomainError(
          "precondition_failed",
          `More than ${mostSessions.toLocaleString("en-US")} live sessions, ${mostZones} zones, or ${sessionCeiling.toLocaleString("en-US")} in one zone: freeze, which stops minting at once, and ask in parts.`,
        );
      return {
        parameters: { zoneIds, zones: perZone.size, also: until },
        targets: live.map(({ id }) => id).sort(),
        preconditions: { sessions: "at least one of the targets is live" },
        blast: {
          sentence: `${live.length.toLocaleString("en-US")} live sessions of everybody in ${perZone.size.toLocaleString("en-US")} zones`,
          figures: [
            { name: "live sessions", value: live.length, source: "sessions" },
            { name: "zones", value: perZone.size, source: "sessions" },
            { name: "most in one zone", value: Math.max(...perZone.values()), source: "sessions" },
          ],
        },
        severity: "P1",
        playbookVersion: "revoke-session@2",
      };
    },
    zonesOf: ({ parameters }) => agreedAs(approved, parameters).zoneIds ?? "every",
    async recheck(stored) {
      const [row] = await caracal.db.query<{ live: number }>(
        "SELECT count(*)::int AS live FROM sessions WHERE id = ANY ($1) AND status = 'active' AND expires_at > now()",
        [stored.targets],
      );
      return (row?.live ?? 0) === 0 ? "None of the sessions that were agreed on is live any more." : null;
    },
    async start(tx, stored, by) {
      const rows = await caracal.db.query<{ id: string; name: string; slug: string; sids: string[] }>(
        `SELECT z.id, z.name, z.slug, array_agg(s.id ORDER BY s.id) AS sids FROM sessions s JOIN zones z ON z.id = s.zone_id
          WHERE s.id = ANY ($1) GROUP BY z.id, z.name, z.slug ORDER BY z.id`,
        [stored.targets],
      );
      for (const { sids, ...zone } of rows)
        await startScopedRun(tx, caracal, stored, by, { zone, subjects: null, sids });
      return `runs:${stored.approvalId}`;
    },
    async wake(ref) {
      const runs = await db.query<{ id: string }>("SELECT id FROM playbook_runs WHERE approval_id = $1", [
        ref.replace(/^runs:/, ""),
      ]);
      for (const { id } of runs) await jobs.enqueueRound(id, 1);
    },
  };
}
