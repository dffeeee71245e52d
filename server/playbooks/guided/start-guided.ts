import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { findZone } from "@/server/caracal/revocation/subject-sessions";
import { readSpools } from "@/server/keys/spools";
import { declareIn } from "@/server/incidents/declare-incident";
import { isOver } from "@/server/incidents/incident.machine";
import { loadIncident } from "@/server/incidents/incident-rows";
import { DomainError } from "@/server/platform/errors";
import { rememberDropped } from "@/server/playbooks/guided/judge-dropped";
import { rememberSpools } from "@/server/playbooks/guided/judge-spools";
import type { GuidedContext } from "@/server/playbooks/guided/playbook";
import { playbookOf } from "@/server/playbooks/guided/playbooks";
import { runEntry } from "@/server/playbooks/guided/run-entry";
import type { startGuidedInput } from "@/server/playbooks/guided/schemas";

/**
 * Opens a run of a guided playbook in its incident; without one, declares it with the playbook's severity. What waits in audit spools
 * is noted at once: a restart would make it look like nothing.
 * @throws bad_input, not_found (zone, incident), precondition_failed when the incident is over, source_unreachable
 */
export async function startGuided({
  ctx,
  input,
}: {
  ctx: GuidedContext & { readonly actor: Actor };
  input: z.output<typeof startGuidedInput>;
}): Promise<{ readonly runId: string }> {
  const { db, caracal, actor } = ctx;
  const playbook = playbookOf(input.playbook);
  const zoneId = input.zoneId ?? null;
  if (playbook.oneZone !== (zoneId !== null))
    throw new DomainError(
      "bad_input",
      playbook.oneZone ? "This playbook is about one zone: choose it." : "This playbook is about all zones.",
    );
  const service = input.service ?? null;
  if (playbook.aboutService !== (service !== null))
    throw new DomainError(
      "bad_input",
      playbook.aboutService
        ? "This playbook is about a service: choose it, or all."
        : "This playbook is about no one service.",
    );
  const zone = zoneId === null ? null : await findZone(caracal.db, zoneId);
  if (zoneId !== null && zone === null)
    throw new DomainError("not_found", "No such zone in this deployment. Nothing was started.");
  const looks = await readSpools(caracal);
  const spools = rememberSpools({}, looks);
  const dropped = rememberDropped({}, looks);
  const severity =
    input.incidentId == null ? ((await playbook.severityNow?.(ctx)) ?? playbook.severity) : playbook.severity;
  const id = randomUUID();
  await db.transaction(async (tx) => {
    let incidentId = input.incidentId ?? null;
    if (incidentId === null) {
      const about = zone?.name ?? service;
      const title = about === null ? playbook.title : `${playbook.title}: ${about}`;
      incidentId = (await declareIn(tx, actor, { title, severity, origin: "playbook", drill: input.drill })).incidentId;
    } else {
      const incident = await loadIncident(tx, actor, incidentId, true);
      if (incident.merged_into !== null || isOver(incident.state))
        throw new DomainError(
          "precondition_failed",
          `INC-${incident.number} is over. Start the run from an open incident.`,
        );
    }
    await tx.query(
      `INSERT INTO guided_runs (id, playbook, incident_id, zone_id, zone_name, drill, reason, baseline, created_by_id, created_by_name, driver_id, driver_name, service)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9, $10, $11)`,
      [
        id,
        playbook.name,
        incidentId,
        zone?.id ?? null,
        zone?.name ?? null,
        input.drill,
        input.reason,
        JSON.stringify({ spools, dropped }),
        actor.id,
        actor.name,
        service,
      ],
    );
    await runEntry(
      tx,
      { id, incident_id: incidentId },
      actor,
      "started",
      `${actor.name} started the playbook "${playbook.title}": ${input.reason}`,
      {
        figures: Object.entries(spools).map(([replica, pending]) => ({
          name: "audit events in its spool",
          value: pending,
          source: replica,
        })),
      },
    );
  });
  return { runId: id };
}
