import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import type { Deployment } from "@/server/caracal/deployment";
import {
  eventZone,
  findSession,
  findSubject,
  type FoundSession,
  findZone,
} from "@/server/caracal/revocation/subject-sessions";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";
import { incidentOfRun } from "@/server/playbooks/run-incident";
import { appendLog } from "@/server/playbooks/run-log";
import type { startRunInput } from "@/server/playbooks/schemas";

type Input = z.input<typeof startRunInput>;
type Context = { readonly db: Database; readonly caracal: Deployment; readonly actor: Actor };

const unknown = (what: string, facts: Record<string, string>) =>
  new DomainError("not_found", `${what} is not known to this deployment. Nothing was started.`, facts);

async function identify(caracal: Deployment, from: Input["from"]): Promise<FoundSession> {
  if (from.kind === "subject") {
    const found = await findSubject(caracal.db, from.zoneId, from.subjectId);
    if (found === null) throw unknown("This subject in this zone", { zoneId: from.zoneId, subjectId: from.subjectId });
    return found;
  }
  const found = await findSession(caracal.db, from.sessionId);
  if (found === null) throw unknown("This session", { sessionId: from.sessionId });
  if (from.kind === "event") {
    const zoneId = await eventZone(caracal.db, from.eventId, from.occurredAt);
    if (zoneId === null) throw unknown("This audit event", { eventId: from.eventId });
    if (zoneId !== found.zoneId)
      throw unknown("This session in the event's zone", { sessionId: from.sessionId, zoneId });
  }
  return found;
}

/**
 * Opens a run of "Revoke a compromised session" at identify, from a session, a subject, or an audit event with the session the
 * operator picked for it. It belongs to the incident that it is started from, or declares one, or joins the open one about the same
 * subject, in the same transaction. Nothing in Caracal is touched.
 * @throws not_found for ids that the deployment does not have or that belong to another zone, precondition_failed for an incident
 * that is over; nothing is written then.
 */
export async function startRun({ ctx, input }: { ctx: Context; input: Input }): Promise<{ readonly runId: string }> {
  const { from } = input;
  const subject = await identify(ctx.caracal, from);
  const zone = await findZone(ctx.caracal.db, subject.zoneId);
  if (zone === null) throw unknown("The session's zone", { zoneId: subject.zoneId });
  const fromId = from.kind === "session" ? from.sessionId : from.kind === "subject" ? from.subjectId : from.eventId;
  const runId = randomUUID();
  await ctx.db.transaction(async (tx) => {
    const incidentId = await incidentOfRun(tx, ctx.actor, input.incidentId ?? null, {
      zone,
      subject: subject.subjectId,
    });
    await tx.query(
      `INSERT INTO playbook_runs (id, playbook, state, zone_id, zone_name, zone_slug, subject_id, subject_type, from_kind, from_id,
                                  created_by_id, created_by_name, driver_id, driver_name, step_times, incident_id)
       VALUES ($1, 'revoke-session', 'identify', $2, $3, $4, $5, $6, $7, $8, $9, $10, $9, $10, $11, $12)`,
      [
        runId,
        zone.id,
        zone.name,
        zone.slug,
        subject.subjectId,
        subject.type,
        from.kind,
        fromId,
        ctx.actor.id,
        ctx.actor.name,
        JSON.stringify({ identify: new Date().toISOString() }),
        incidentId,
      ],
    );
    await appendLog(tx, runId, ctx.actor, [
      {
        kind: "started",
        text: `Started for ${subject.type} ${subject.subjectId} in zone ${zone.slug}, from ${from.kind} ${fromId}`,
        data: { from, zone, subject },
      },
    ]);
  });
  return { runId };
}
