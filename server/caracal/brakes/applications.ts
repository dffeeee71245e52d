import type { Queryable } from "@/server/platform/postgres";

type ApplicationRecord = {
  readonly id: string;
  readonly name: string;
  readonly credentialType: string;
  readonly archived: boolean;
};

/** Applications of a zone by name, after (name, id), at most `limit`. Their secrets' hashes are out of our reach. */
export const readApplications = (
  db: Queryable,
  zoneId: string,
  text: string,
  after: readonly [string, string] | null,
  limit: number,
): Promise<ApplicationRecord[]> =>
  db.query<ApplicationRecord>(
    `SELECT id, name, credential_type AS "credentialType", archived_at IS NOT NULL AS archived FROM applications
      WHERE zone_id = $1 AND ($2 = '' OR name ILIKE '%' || $2 || '%' OR id = $2)
        AND ($3::text IS NULL OR (name, id) > ($3, $4))
      ORDER BY name, id LIMIT $5`,
    [zoneId, text.replaceAll(/[\\%_]/g, "\\$&"), after?.[0] ?? null, after?.[1] ?? null, limit],
  );

/** One application of the zone; null when there is none. */
export async function findApplication(db: Queryable, zoneId: string, id: string): Promise<ApplicationRecord | null> {
  const [row] = await db.query<ApplicationRecord>(
    `SELECT id, name, credential_type AS "credentialType", archived_at IS NOT NULL AS archived FROM applications WHERE zone_id = $1 AND id = $2`,
    [zoneId, id],
  );
  return row ?? null;
}

/** What providers gave out for an application, by provider: tokens that no revocation here reaches (contract trap 20). */
export const readProviderTokens = (
  db: Queryable,
  zoneId: string,
  applicationId: string,
): Promise<
  { providerId: string | null; provider: string; grants: number; users: number; latestExpiry: Date | null }[]
> =>
  db.query(
    `SELECT g.provider_id AS "providerId", coalesce(min(p.name), 'no provider recorded') AS provider, count(*)::int AS grants,
            count(DISTINCT g.user_id)::int AS users, max(g.expires_at) AS "latestExpiry"
       FROM delegated_grants g LEFT JOIN providers p ON p.id = g.provider_id AND p.zone_id = g.zone_id
      WHERE g.zone_id = $1 AND g.application_id = $2 AND g.status = 'active'
      GROUP BY g.provider_id ORDER BY grants DESC, provider LIMIT 100`,
    [zoneId, applicationId],
  );
