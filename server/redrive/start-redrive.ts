import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { declareIn } from "@/server/incidents/declare-incident";
import { isOver } from "@/server/incidents/incident.machine";
import { loadIncident } from "@/server/incidents/incident-rows";
import { DomainError } from "@/server/platform/errors";
import type { Database, Queryable } from "@/server/platform/postgres";
import { chosenDigest } from "@/server/redrive/archive";
import { runEntry } from "@/server/redrive/run-entry";
import { loadVisibleRun, type RunRow } from "@/server/redrive/run-rows";
import type { startInput } from "@/server/redrive/schemas";

type Context = { readonly db: Database; readonly actor: Actor };
type Input = z.output<typeof startInput>;

const rowsAtOnce = 5_000;
const freshMinutes = 60; // an older list says too little about what is in audit_events now

/**
 * Starts a redrive of what was chosen from a list: freezes the ids under a digest and hands it to the workers, with its settings, on
 * the record of an incident. Of any number of clicks at once one starts it.
 * @throws not_found, conflict (not a waiting list), precondition_failed (too old, nothing to do, incident over)
 */
export async function startRedrive({
  ctx,
  input,
}: {
  ctx: Context;
  input: Input;
}): Promise<{ readonly digest: string }> {
  await loadVisibleRun(ctx.db, ctx.actor, input.runId);
  return ctx.db.transaction(async (tx) => {
    const [run] = await tx.query<RunRow & { fresh: boolean }>(
      `SELECT *, requested_at > now() - make_interval(mins => ${freshMinutes}) AS fresh FROM redrive_runs WHERE id = $1 FOR UPDATE`,
      [input.runId],
    );
    if (run === undefined || run.state !== "planned" || run.kind !== "redrive")
      throw new DomainError("conflict", "This list was started or dropped already. Load the page again.");
    if (!run.fresh)
      throw new DomainError(
        "precondition_failed",
        `The list is older than ${freshMinutes} minutes. List the dead letters anew.`,
      );
    for (let from = 1; from <= run.entries; from += rowsAtOnce)
      await tx.query(
        `UPDATE redrive_entries SET action = CASE class WHEN 'missing' THEN 'redrive' ELSE 'retire' END, state = 'waiting'
          WHERE run_id = $1 AND n >= $2 AND n < $3 AND class = ANY ($4) AND ($5::text[] IS NULL OR cause = ANY ($5))`,
        [run.id, from, from + rowsAtOnce, input.classes, input.causes ?? null],
      );
    const { digest, chosen } = await chosenDigest(tx, run.id);
    if (chosen === 0) throw new DomainError("precondition_failed", "Nothing in this list can go back or be retired.");
    const incidentId = await incidentOf(tx, ctx.actor, run, input);
    await tx.query(
      `UPDATE redrive_runs SET state = 'running', chosen = $2, digest = $3, rate = $4, canary = $5, most_lag = $6, most_failures = $7,
              incident_id = $8, reason = $9, started_at = clock_timestamp(), started_by = $10, watched_to = last_id, heartbeat_at = 'epoch' WHERE id = $1`,
      [
        run.id,
        chosen,
        digest,
        input.rate,
        Math.min(input.canary, chosen),
        input.mostLag,
        input.mostFailures,
        incidentId,
        input.reason,
        ctx.actor.name,
      ],
    );
    await runEntry(
      tx,
      { ...run, incident_id: incidentId },
      "started",
      `${ctx.actor.name} started a redrive of ${chosen} of ${run.entries} dead letters of ${run.stream}${input.canary > 0 ? `, ${input.canary} of them first` : ""}. Reason: ${input.reason}`,
      ctx.actor,
      {
        parameters: {
          classes: input.classes,
          causes: input.causes ?? "every cause",
          rate: input.rate ?? "as fast as ingestion allows",
          canary: input.canary,
          digest,
          archiveSha256: run.archive_sha256,
        },
        figures: [{ name: "chosen", value: chosen, source: `XRANGE ${run.stream} up to ${run.last_id}` }],
      },
    );
    return { digest };
  });
}

async function incidentOf(tx: Queryable, actor: Actor, run: RunRow, input: Input): Promise<string> {
  const given = input.incidentId ?? run.incident_id;
  if (given === null) {
    const declared = await declareIn(tx, actor, {
      title: `Dead letters in ${run.stream}`,
      severity: "P2",
      origin: "by-hand",
    });
    return declared.incidentId;
  }
  const incident = await loadIncident(tx, actor, given, true);
  if (incident.merged_into !== null || isOver(incident.state))
    throw new DomainError(
      "precondition_failed",
      `INC-${incident.number} is over or was merged. Choose an open incident.`,
    );
  return incident.id;
}
