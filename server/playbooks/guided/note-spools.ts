import { type Repeating, repeat } from "@/server/jobs/repeat";
import { readSpools, type Spool } from "@/server/keys/spools";
import { rememberSpools, type SpoolBaseline } from "@/server/playbooks/guided/judge-spools";
import type { GuidedContext, GuidedRunRow } from "@/server/playbooks/guided/playbook";
import type { Database } from "@/server/platform/postgres";

const everyMs = 2_000;

/** Adds one look to a run's baseline and gives what it is then. The highest count wins, whichever console replica saw it. */
export const noteSpools = (db: Database, runId: string, seen: readonly Spool[]): Promise<SpoolBaseline> =>
  db.transaction(async (tx) => {
    const [row] = await tx.query<{ baseline: GuidedRunRow["baseline"] }>(
      "SELECT baseline FROM guided_runs WHERE id = $1 FOR UPDATE",
      [runId],
    );
    const before = row?.baseline.spools ?? {};
    const spools = rememberSpools(before, seen);
    if (JSON.stringify(spools) !== JSON.stringify(before))
      await tx.query(
        "UPDATE guided_runs SET baseline = jsonb_set(baseline::jsonb, '{spools}', $2::jsonb)::json WHERE id = $1",
        [runId, JSON.stringify(spools)],
      );
    return spools;
  });

/** One look on behalf of every run whose spools are still to be drained: what waits is noted though nobody has the page open. */
export async function noteForOpenRuns({ db, caracal }: Pick<GuidedContext, "db" | "caracal">): Promise<void> {
  const runs = await db.query<{ id: string }>(
    `SELECT id FROM guided_runs r WHERE state = 'open' AND playbook = 'kek-compromise'
        AND NOT EXISTS (SELECT 1 FROM guided_steps s WHERE s.run_id = r.id AND s.step = 'drain') ORDER BY created_at DESC LIMIT 50`,
  );
  if (runs.length === 0) return;
  const seen = await readSpools(caracal);
  for (const { id } of runs) await noteSpools(db, id, seen);
}

/** Keeps the baselines of open runs, in the background. */
export const createSpoolNoter = (parts: Pick<GuidedContext, "db" | "caracal">): Repeating =>
  repeat("noting audit spools", everyMs, () => noteForOpenRuns(parts));
