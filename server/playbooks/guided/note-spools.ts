import { type Repeating, repeat } from "@/server/jobs/repeat";
import { readSpools, type SpoolLook } from "@/server/keys/spools";
import { type DroppedLog, rememberDropped } from "@/server/playbooks/guided/judge-dropped";
import { rememberSpools, type SpoolBaseline } from "@/server/playbooks/guided/judge-spools";
import type { GuidedContext, GuidedRunRow } from "@/server/playbooks/guided/playbook";
import type { Database } from "@/server/platform/postgres";

const everyMs = 2_000;

type Baseline = { readonly spools: SpoolBaseline; readonly dropped: DroppedLog };

/** Adds one look to a run's baseline and gives what it is then. The highest count wins, whichever console replica saw it. */
export const noteBaseline = (db: Database, runId: string, seen: readonly SpoolLook[]): Promise<Baseline> =>
  db.transaction(async (tx) => {
    const [row] = await tx.query<{ baseline: GuidedRunRow["baseline"] }>(
      "SELECT baseline FROM guided_runs WHERE id = $1 FOR UPDATE",
      [runId],
    );
    const before = { spools: row?.baseline.spools ?? {}, dropped: row?.baseline.dropped ?? {} };
    const now = { spools: rememberSpools(before.spools, seen), dropped: rememberDropped(before.dropped, seen) };
    if (JSON.stringify(now) !== JSON.stringify(before))
      await tx.query("UPDATE guided_runs SET baseline = (baseline::jsonb || $2::jsonb)::json WHERE id = $1", [
        runId,
        JSON.stringify(now),
      ]);
    return now;
  });

/** The baseline of spools alone, after one more look. */
export const noteSpools = async (db: Database, runId: string, seen: readonly SpoolLook[]): Promise<SpoolBaseline> =>
  (await noteBaseline(db, runId, seen)).spools;

/** One look on behalf of every run whose spools are still to be drained: what waits is noted though nobody has the page open. */
export async function noteForOpenRuns({ db, caracal }: Pick<GuidedContext, "db" | "caracal">): Promise<void> {
  const runs = await db.query<{ id: string }>(
    `SELECT id FROM guided_runs r WHERE state = 'open'
        AND (playbook = 'kek-compromise' AND NOT EXISTS (SELECT 1 FROM guided_steps s WHERE s.run_id = r.id AND s.step = 'drain')
             OR playbook = 'service-outage' AND service IN ('sts', 'all')
                AND NOT EXISTS (SELECT 1 FROM guided_steps s WHERE s.run_id = r.id AND s.step = 'dropped'))
      ORDER BY created_at DESC LIMIT 50`,
  );
  if (runs.length === 0) return;
  const seen = await readSpools(caracal);
  for (const { id } of runs) await noteBaseline(db, id, seen);
}

/** Keeps the baselines of open runs, in the background. */
export const createSpoolNoter = (parts: Pick<GuidedContext, "db" | "caracal">): Repeating =>
  repeat("noting audit spools", everyMs, () => noteForOpenRuns(parts));
