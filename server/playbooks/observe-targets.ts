import type { Queryable } from "@/server/platform/postgres";
import type { PublicationFacts, TargetFacts } from "@/server/playbooks/revoke-session/proof";

/** Up to this many targets a run is looked at whole each time; in larger ones only what is not proved yet. */
export const wholeLook = 500;

type Row = {
  readonly sid: string;
  readonly expires_at: Date;
  readonly sweep: number;
  readonly outcome: TargetFacts["outcome"];
  readonly publications: PublicationFacts[] | null;
};

/** The targets to look at, with up to 80 publications each, oldest first; and how many are left out because they are proved. */
export async function targetsToObserve(
  db: Queryable,
  runId: string,
): Promise<{ readonly targets: readonly TargetFacts[]; readonly provedBefore: number }> {
  const [counted] = await db.query<{ total: number; proved: number }>(
    `SELECT count(*)::int AS total, (count(*) FILTER (WHERE proved_at IS NOT NULL))::int AS proved FROM playbook_targets WHERE run_id = $1`,
    [runId],
  );
  const large = (counted?.total ?? 0) > wholeLook;
  const rows = await db.query<Row>(
    `SELECT t.sid, t.expires_at, t.sweep, t.outcome, p.publications
       FROM playbook_targets t
       LEFT JOIN LATERAL (
         SELECT jsonb_agg(jsonb_build_object('outboxId', q.outbox_id, 'streamId', q.stream_id, 'signature', q.signature) ORDER BY q.round) AS publications
           FROM (SELECT * FROM playbook_publications WHERE run_id = t.run_id AND sid = t.sid ORDER BY round LIMIT 80) q
       ) p ON true
      WHERE t.run_id = $1 AND (NOT $2 OR t.proved_at IS NULL) ORDER BY t.sweep, t.sid LIMIT 10000`,
    [runId, large],
  );
  return {
    provedBefore: large ? (counted?.proved ?? 0) : 0,
    targets: rows.map((row) => ({
      sid: row.sid,
      expiresAt: row.expires_at,
      sweep: row.sweep,
      outcome: row.outcome,
      publications: row.publications ?? [],
    })),
  };
}
