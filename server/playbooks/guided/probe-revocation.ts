import type { Looking } from "@/server/playbooks/guided/playbook";
import { no, yes } from "@/server/playbooks/guided/probed";
import type { Probed } from "@/server/playbooks/guided/schemas";

const most = 10_000;

/**
 * No session from before the rotation is live (trap 5: expired ones do not count), and what this run's revocations reached is proved:
 * each is past its proof, and one that was abandoned has left no target unproved that has not expired.
 */
export async function sessionsRevoked({ db, caracal, run, settled }: Looking): Promise<Probed> {
  const since = settled.get("rotate")?.settled_at;
  if (since === undefined) return no("The rotation comes first.");
  const [row] = await caracal.db.query<{ live: number }>(
    `SELECT count(*)::int AS live FROM (
       SELECT 1 FROM sessions WHERE status = 'active' AND expires_at > now() AND created_at < $1 AND ($2::text IS NULL OR zone_id = $2) LIMIT ${most + 1}) capped`,
    [since, run.zone_id],
  );
  const live = row?.live ?? 0;
  if (live > 0) return no(`${live > most ? "More than 10,000" : live} sessions from before the rotation are live.`);
  const [work] = await db.query<{ runs: number; open: number; unproved: number }>(
    `SELECT count(*)::int AS runs, count(*) FILTER (WHERE state IN ('revoke', 'verify'))::int AS open,
            coalesce(sum((SELECT count(*) FROM playbook_targets t
              WHERE r.state = 'abandoned' AND t.run_id = r.id AND t.outcome <> 'expired' AND t.proved_at IS NULL AND t.expires_at > now())), 0)::int AS unproved
       FROM playbook_runs r WHERE incident_id = $1 AND created_at >= $2 AND ($3::text IS NULL OR zone_id = $3)`,
    [run.incident_id, run.created_at, run.zone_id],
  );
  const { runs, open, unproved } = work ?? { runs: 0, open: 0, unproved: 0 };
  if (open > 0)
    return no(
      `No session from before is live; of ${runs} revocations ${open} are not proved yet: open each and go on to wait.`,
    );
  if (unproved > 0)
    return no(
      `No session from before is live; ${unproved} that an abandoned run revoked were never proved to have reached everybody, and have not expired yet.`,
    );
  return yes(
    `No session from before the rotation is live${runs === 0 ? "" : `; ${runs} ${runs === 1 ? "revocation" : "revocations"} proved`}.`,
  );
}
