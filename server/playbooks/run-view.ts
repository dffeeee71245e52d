import { chooseLane } from "@/server/caracal/revocation/preflight";
import { resourceGroup } from "@/server/caracal/revocation/revocation-stream";
import { messageOf } from "@/server/platform/errors";
import { checklistFor } from "@/server/playbooks/revoke-session/checklist";
import { exposureOf } from "@/server/playbooks/revoke-session/exposure";
import { isOver } from "@/server/playbooks/revoke-session/revoke-session.machine";
import { commandsFor } from "@/server/playbooks/revoke-session/run-commands";
import type { ObserverContext } from "@/server/playbooks/round-context";
import {
  loadChecks,
  loadRounds,
  loadTotals,
  type RoundRow,
  type RunRow,
  runTitle,
  subjectLabel,
  subjectsOf,
} from "@/server/playbooks/run-rows";
import type { RunRound, RunView } from "@/server/playbooks/schemas";

const roundView = (row: RoundRow): RunRound => ({
  round: row.round,
  kind: row.kind,
  lane: row.lane,
  requestedBy: row.requested_by_name,
  startedAt: row.started_at.toISOString(),
  finishedAt: row.finished_at?.toISOString() ?? null,
  targets: row.targets,
  revoked: row.revoked,
  published: row.published,
  state: row.state,
  error: row.error,
});

/** Which lane the next round would take; Redis being away is said, not thrown. */
async function laneOf(ctx: ObserverContext, run: RunRow, rounds: readonly RoundRow[]): Promise<RunView["lane"]> {
  const last = rounds.at(-1);
  if (isOver(run.state)) return { kind: last?.lane ?? "fast", note: "The run is over" };
  try {
    return await chooseLane(ctx.caracal, run.blast?.liveSessions ?? 0);
  } catch (error) {
    return {
      kind: last?.lane ?? "fast",
      note: `Caracal's Redis did not answer (${messageOf(error)}): rows are revoked in Postgres at once and published when it is back`,
    };
  }
}

/** Everything a screen needs of a run, from what is recorded; the proof is the last look's, with its time. */
export async function runView(ctx: ObserverContext, run: RunRow): Promise<RunView> {
  const [rounds, checks, totals] = await Promise.all([
    loadRounds(ctx.db, run.id),
    loadChecks(ctx.db, run.id),
    loadTotals(ctx.db, run.id),
  ]);
  const checklist = run.blast === null ? [] : checklistFor(run.zone_id, run.outlives, checks);
  const first = run.proof?.targets[0] ?? null;
  return {
    id: run.id,
    playbook: "revoke-session",
    title: runTitle(run),
    state: run.state,
    revision: run.revision,
    drill: run.drill,
    zone: { id: run.zone_id, name: run.zone_name, slug: run.zone_slug },
    subject: { id: subjectLabel(run), type: run.subject_type },
    scope: {
      kind: run.scope,
      subjects: run.scope === "zone" ? [] : (subjectsOf(run) ?? []),
      approvalId: run.approval_id,
    },
    startedFrom: { kind: run.from_kind, id: run.from_id },
    reason: run.reason,
    createdBy: { id: run.created_by_id, name: run.created_by_name },
    driver: { id: run.driver_id, name: run.driver_name },
    incidentId: run.incident_id,
    createdAt: run.created_at.toISOString(),
    updatedAt: run.updated_at.toISOString(),
    stepTimes: run.step_times,
    blast: run.blast,
    rounds: rounds.map(roundView),
    proof: run.proof,
    exposure: exposureOf({
      state: run.state,
      now: Date.now(),
      live: run.proof?.observedAt == null ? null : run.proof.live,
      latestExpiry: run.blast?.latestExpiry == null ? null : Date.parse(run.blast.latestExpiry),
      revokedAt: totals.revoked_at?.getTime() ?? null,
      lastPublishedAt: run.last_published_at?.getTime() ?? null,
      perCallUntil: totals.per_call_until?.getTime() ?? null,
      checklist,
    }),
    checklist,
    commands: commandsFor({
      zoneId: run.zone_id,
      subjects: subjectsOf(run),
      from: { kind: run.from_kind, id: run.from_id },
      reason: run.reason,
      sample:
        first !== null
          ? { sid: first.sid, entryId: first.entry?.id ?? null }
          : run.blast?.sample[0] === undefined
            ? null
            : { sid: run.blast.sample[0].id, entryId: null },
      groups: run.proof?.groups.filter((group) => group.required).map((group) => group.group) ?? [
        "sts-revocation",
        "gateway-revocation",
        resourceGroup,
      ],
      gateways: ctx.caracal.replicas
        .filter((replica) => replica.kind === "gateway")
        .map(({ id, url }) => ({ id, url })),
    }),
    lane: await laneOf(ctx, run, rounds),
  };
}
