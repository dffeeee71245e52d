import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { approvedRequest } from "@/sandbox/agreed";
import type { KeyStage } from "@/sandbox/key-stage/stage";
import { insertZoneKeys } from "@/server/caracal/keys/insert-zone-keys";
import { seal } from "@/server/caracal/keys/seal";
import { rotateAction } from "@/server/keys/rotation/rotate.action";
import type { Looking, SettledRow } from "@/server/playbooks/guided/playbook";
import { loadGuidedRun } from "@/server/playbooks/guided/run-rows";
import type { GuidedPlaybook } from "@/server/playbooks/guided/schemas";
import { startGuided } from "@/server/playbooks/guided/start-guided";

/** Guided runs on a key stage as the tests of their probes begin, look at and arrange them. */
export function guidedRuns(stage: () => KeyStage, zones: () => readonly string[]) {
  const ctx = () => ({ db: stage().db, caracal: stage().caracal, keks: stage().ctx.keks, actor: stage().actor });

  async function giveKey(zoneId: string): Promise<void> {
    const sealed = seal(stage().files.current, Buffer.from("an older key"));
    await insertZoneKeys(stage().caracal.db, [{ kid: randomUUID(), zoneId, nth: 1, sealed }], [], null);
  }
  const start = async (playbook: GuidedPlaybook, zoneId?: string) =>
    (await startGuided({ ctx: ctx(), input: { playbook, zoneId, reason: "The key is known", drill: false } })).runId;

  /** A run as its probes are given it; steps in `done` were settled now. */
  async function looking(runId: string, done: readonly string[] = []): Promise<Looking> {
    const run = await loadGuidedRun(stage().db, stage().actor, runId);
    const [now] = await stage().db.query<{ at: Date }>("SELECT clock_timestamp() AS at");
    const row = (step: string): [string, SettledRow] => [
      step,
      {
        step,
        outcome: "done",
        by_name: "Sol",
        settled_at: now?.at ?? new Date(),
        reason: null,
        hash: null,
        seen: null,
        kept: null,
      },
    ];
    return { ...ctx(), run, settled: new Map(done.map(row)), thorough: true };
  }
  const action = () => rotateAction({ db: stage().db, caracal: stage().caracal, keks: stage().ctx.keks });
  /** Written as jobs write; that each STS was told and serves it is proved with real ones in keys-stand-in, here it is set. */
  async function rotate(
    mode: "routine" | "compromise",
    zoneIds: readonly string[] | null = zones(),
    prove = true,
  ): Promise<void> {
    const jobId = await stage().start(action(), { zoneIds, mode });
    await stage().work(jobId, 1);
    if (!prove) return;
    await stage().db.query(
      "UPDATE key_job_zones SET state = 'proved', proved_at = clock_timestamp() WHERE job_id = $1 AND state = 'written'",
      [jobId],
    );
    await stage().work(jobId);
    expect((await stage().job(jobId)).state).toBe("finished");
  }
  const incidentOf = async (runId: string) => (await loadGuidedRun(stage().db, stage().actor, runId)).incident_id;
  const inIncident = (runId: string) =>
    stage().owner.query(
      "UPDATE key_jobs SET incident_id = (SELECT incident_id FROM guided_runs WHERE id = $1) WHERE kind <> 'inventory' AND incident_id IS NULL",
      [runId],
    );

  /** A request of the run's incident that a second person approved, made so many minutes from now. */
  const approved = async (action: string, runId: string, parameters: unknown = {}, minutes = 1): Promise<string> =>
    approvedRequest(stage().owner, {
      action,
      requester: stage().actor,
      incidentId: await incidentOf(runId),
      parameters,
      minutes,
    });
  return { ctx, giveKey, start, looking, rotate, incidentOf, inIncident, approved };
}
