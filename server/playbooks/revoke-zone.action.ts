import { z } from "zod";
import { agreedAs } from "@/server/approvals/agreed-as";
import type { ApprovedAction } from "@/server/approvals/approved-action";
import type { Deployment } from "@/server/caracal/deployment";
import { countLive, findZone, liveSessions, sessionCeiling } from "@/server/caracal/revocation/subject-sessions";
import { DomainError } from "@/server/platform/errors";
import { idText } from "@/server/platform/page";
import { readBlastRadius } from "@/server/playbooks/read-blast-radius";
import type { RoundQueue } from "@/server/playbooks/round-queue";
import { startScopedRun } from "@/server/playbooks/start-scoped-run";

type Parts = { readonly caracal: Deployment; readonly jobs: RoundQueue };

/** Two to 200 subjects of one zone, or (null) everybody in it. One subject needs no second person: that is the plain playbook. */
const asked = z.strictObject({
  zoneId: idText,
  subjects: z.array(idText).min(2).max(200).nullable(),
});
const approved = z.object({
  zoneId: z.string(),
  zone: z.string(),
  slug: z.string(),
  subjects: z.array(z.string()).nullable(),
});

const rest =
  "and sessions of the same scope that are minted until the second sweep, at most an hour after the execution";

/**
 * "Revoke several subjects or a whole zone" as two people agree on it. The frozen sids are exactly what the first round revokes; the
 * second sweep (trap 4) is part of what is agreed on, in words. At most 10,000 sessions per request.
 */
export function revokeZoneAction({ caracal, jobs }: Parts): ApprovedAction<"revoke-zone"> {
  return {
    action: "revoke-zone",
    async freeze(parameters) {
      const parsed = asked.safeParse(parameters);
      if (!parsed.success)
        throw new DomainError(
          "bad_input",
          "Revoking wide needs a zone, and two to 200 subjects or the whole zone. For one subject use the playbook.",
        );
      const { zoneId } = parsed.data;
      const subjects = parsed.data.subjects === null ? null : [...new Set(parsed.data.subjects)].sort();
      if (subjects !== null && subjects.length < 2)
        throw new DomainError("bad_input", "These are one subject: use the playbook, which needs no second person.");
      const zone = await findZone(caracal.db, zoneId);
      if (zone === null)
        throw new DomainError("not_found", "No such zone in this deployment. Nothing was asked for.", { zoneId });
      const count = await countLive(caracal.db, zoneId, subjects);
      if (count > sessionCeiling)
        throw new DomainError(
          "precondition_failed",
          `More than ${sessionCeiling.toLocaleString("en-US")} live sessions: freeze the zone first, which stops minting at once, or name subjects and ask in parts.`,
        );
      const sessions = await liveSessions(caracal.db, zoneId, subjects);
      if (sessions.length === 0)
        throw new DomainError("precondition_failed", "No session of this scope is live. There is nothing to revoke.");
      const { blast } = await readBlastRadius(caracal.db, zoneId, subjects);
      return {
        parameters: { zoneId, zone: zone.name, slug: zone.slug, subjects, also: rest },
        targets: sessions.map(({ id }) => id),
        preconditions: { zone: "is there", sessions: "at least one of the targets is live" },
        blast: {
          sentence: `${sessions.length.toLocaleString("en-US")} live sessions of ${subjects === null ? "everybody" : `${subjects.length} subjects`} in zone ${zone.name}, ${rest}`,
          figures: [
            { name: "live sessions", value: sessions.length, source: "sessions" },
            { name: "agent sessions", value: blast.agentSessionCount, source: "agent_sessions" },
            { name: "grants whose provider tokens live on", value: blast.grants.length, source: "delegated_grants" },
          ],
        },
        severity: "P1",
        playbookVersion: "revoke-session@2",
      };
    },
    zonesOf: ({ parameters }) => [agreedAs(approved, parameters).zoneId],
    async recheck(stored) {
      const { zoneId } = agreedAs(approved, stored.parameters);
      if ((await findZone(caracal.db, zoneId)) === null) return "The zone is not there any more.";
      const [row] = await caracal.db.query<{ live: number }>(
        "SELECT count(*)::int AS live FROM sessions WHERE id = ANY ($1) AND zone_id = $2 AND status = 'active' AND expires_at > now()",
        [stored.targets, zoneId],
      );
      return (row?.live ?? 0) === 0 ? "None of the sessions that were agreed on is live any more." : null;
    },
    async start(tx, stored, by) {
      const { zoneId, zone, slug, subjects } = agreedAs(approved, stored.parameters);
      const runId = await startScopedRun(tx, caracal, stored, by, {
        zone: { id: zoneId, name: zone, slug },
        subjects,
        sids: stored.targets,
      });
      return `run:${runId}`;
    },
    async wake(ref) {
      await jobs.enqueueRound(ref.replace(/^run:/, ""), 1);
    },
  };
}
