import { startAuditProcess } from "@/sandbox/redrive-stage/audit-process";
import { addLetters, letterOf, madeEvent, transient } from "@/sandbox/redrive-stage/audit-letters";
import { dlq, openRedriveStage } from "@/sandbox/redrive-stage/stage";
import { createAllowance } from "@/server/redrive/rate-allowance";
import { advanceOneRedrive } from "@/server/redrive/redrive-worker";
import type { RunRow } from "@/server/redrive/run-rows";
import { listEntriesOfRun } from "@/server/redrive/run-views";
import { startRedrive } from "@/server/redrive/start-redrive";

export const zone = "zone-redrive";
export const audit = "caracal.audit.events";
export const over = (run: RunRow): boolean => run.state === "finished" || run.state === "cancelled";

const settings = {
  classes: ["missing", "recorded"] as ("missing" | "recorded")[],
  rate: null,
  canary: 0,
  mostLag: 5_000,
  mostFailures: 5,
  reason: "Postgres was away",
};
type Settings = Omit<typeof settings, "rate"> & { readonly causes: string[]; readonly rate: number | null };

/** A stage on which audit ingests, and the few words in which tests speak of runs. */
export async function openRuns() {
  const stage = await openRedriveStage();
  let service = await startAuditProcess(stage);
  const by = () => ({ db: stage.db, actor: stage.actor });
  const events = (count: number) =>
    Array.from({ length: count }, () => madeEvent(stage.keys.audit ?? Buffer.alloc(32), zone));
  return {
    stage,
    by,
    events,
    pauseAudit: () => service.pause(),
    resumeAudit: () => service.resume(),
    /** Starts audit again, on another key if one is given. */
    async restartAudit(key?: Buffer): Promise<void> {
      await service.stop();
      service = await startAuditProcess(stage, key);
    },
    /** Puts letters of honest events into the dead letters; gives their ids. */
    letters: (count: number, reason = transient) =>
      addLetters(
        stage.redis,
        events(count).map((event) => letterOf(event, reason)),
      ),
    start: (list: RunRow, other: Partial<Settings> = {}) =>
      startRedrive({ ctx: by(), input: { ...settings, ...other, runId: list.id } }),
    entries: async (runId: string) => (await listEntriesOfRun({ ctx: by(), input: { runId, limit: 200 } })).rows,
    /** How many of these events have rows. */
    rows: async (ids: readonly string[]): Promise<number> =>
      (await stage.caracalOwner.query("SELECT id FROM audit_events WHERE id = ANY ($1)", [ids])).rows.length,
    /** Works on the run until it is as wanted. @throws when it does not come to that */
    async work(runId: string, until: (run: RunRow) => boolean, turns = 2_000): Promise<RunRow> {
      const allowance = createAllowance();
      for (let turn = 0; turn < turns; turn += 1) {
        const run = await stage.run(runId);
        if (until(run)) return run;
        if (!(await advanceOneRedrive(stage.ctx, allowance))) await new Promise((resolve) => setTimeout(resolve, 20));
      }
      throw new Error(`still ${JSON.stringify(await stage.run(runId))}`);
    },
    begin: () => stage.redis.del(dlq),
    /** Wakes audit and ends every run: the next test finds none. */
    async end(): Promise<void> {
      service.resume();
      await stage.owner.query(
        "UPDATE redrive_runs SET state = 'cancelled', finished_at = now() WHERE state NOT IN ('finished', 'cancelled')",
      );
    },
    async close(): Promise<void> {
      await service.stop();
      await stage.close();
    },
  };
}
export type Runs = Awaited<ReturnType<typeof openRuns>>;
