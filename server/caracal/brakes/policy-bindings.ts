import type { Queryable } from "@/server/platform/postgres";

/** One row of policy_set_bindings: which version of a policy set decides in the zone; null: none, nothing is minted under it. */
export type PolicyBinding = { readonly policySetId: string; readonly versionId: string | null };

/** A zone's bindings, by policy set, at most 500. */
export const readBindings = (db: Queryable, zoneId: string): Promise<PolicyBinding[]> =>
  db.query<PolicyBinding>(
    `SELECT policy_set_id AS "policySetId", active_version_id AS "versionId" FROM policy_set_bindings
      WHERE zone_id = $1 ORDER BY policy_set_id LIMIT 500`,
    [zoneId],
  );

/**
 * Takes the active version from exactly those bindings that still have the given one: whoever changed one meanwhile keeps it. Does
 * nothing once the outbox row `fenceId` is there: a worker that was asleep must not take again what a thaw has put back.
 */
export async function nullBindings(
  db: Queryable,
  zoneId: string,
  bindings: readonly PolicyBinding[],
  fenceId: string,
): Promise<void> {
  await db.query(
    `UPDATE policy_set_bindings b SET active_version_id = NULL
       FROM unnest($2::text[], $3::text[]) AS w (policy_set_id, version_id)
      WHERE b.zone_id = $1 AND b.policy_set_id = w.policy_set_id AND b.active_version_id = w.version_id
        AND NOT EXISTS (SELECT 1 FROM event_outbox o WHERE o.id = $4)`,
    [zoneId, bindings.map(({ policySetId }) => policySetId), bindings.map(({ versionId }) => versionId), fenceId],
  );
}

/**
 * Puts the given versions back where no other has been set meanwhile, and in the same statement leaves the fence: a policy.invalidate
 * in the outbox, for the API to dispatch. Running it again changes nothing.
 */
export async function restoreBindings(
  db: Queryable,
  zoneId: string,
  bindings: readonly PolicyBinding[],
  fenceId: string,
): Promise<void> {
  await db.query(
    `WITH fence AS (
       INSERT INTO event_outbox (id, stream_name, payload_json)
       VALUES ($4, 'caracal.policy.invalidate', jsonb_build_object('zone_id', $1::text, 'console_ref', $4::text)) ON CONFLICT (id) DO NOTHING
     )
     UPDATE policy_set_bindings b SET active_version_id = w.version_id
       FROM unnest($2::text[], $3::text[]) AS w (policy_set_id, version_id)
      WHERE b.zone_id = $1 AND b.policy_set_id = w.policy_set_id AND b.active_version_id IS NULL AND w.version_id IS NOT NULL`,
    [zoneId, bindings.map(({ policySetId }) => policySetId), bindings.map(({ versionId }) => versionId), fenceId],
  );
}
