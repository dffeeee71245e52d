import { randomBytes } from "node:crypto";
import type { Pool } from "pg";
import { openPacked, sealPacked } from "@/sandbox/encoding/seal";

type Grant = {
  readonly id: string;
  readonly access_token_ct: Buffer | null;
  readonly refresh_token_ct: Buffer | null;
  readonly refresh_token_version: number;
  readonly expired: boolean;
};

const grantSql = `
  SELECT g.id, g.access_token_ct, g.refresh_token_ct, g.refresh_token_version, g.expires_at <= now() AS expired
    FROM delegated_grants g JOIN resources r ON r.id = g.resource_id AND r.zone_id = g.zone_id
   WHERE g.zone_id = $1 AND g.user_id = $2 AND r.identifier = $3 AND g.status = 'active' LIMIT 1`;
const refreshSql = `
  UPDATE delegated_grants SET access_token_ct = $3, refresh_token_ct = $4, refresh_token_version = refresh_token_version + 1,
         expires_at = now() + interval '1 hour', refreshed_at = now()
   WHERE id = $1 AND refresh_token_version = $2 RETURNING 1`;

/** The tokens that providers gave out, sealed under this replica's KEK (contract section 5). */
export class ProviderTokens {
  constructor(
    private readonly pool: Pool,
    private readonly kek: Buffer,
  ) {}

  private open(sealed: Buffer | null): string | null {
    if (sealed === null) return null;
    try {
      return openPacked(this.kek, sealed).toString("utf8");
    } catch {
      return null;
    }
  }

  /** New tokens from the provider, sealed under this replica's KEK, whichever that is; null when it cannot open the old one or another was first. */
  private async refresh(grant: Grant): Promise<string | null> {
    if (this.open(grant.refresh_token_ct) === null) return null;
    const fresh = `access-${grant.id}-${randomBytes(4).toString("hex")}`;
    const sealed = [fresh, fresh.replace("access", "refresh")].map((text) => sealPacked(this.kek, Buffer.from(text)));
    const done = await this.pool.query(refreshSql, [grant.id, grant.refresh_token_version, ...sealed]);
    return done.rowCount === 1 ? fresh : null;
  }

  /** Refreshes every grant once, as a busy replica does over an hour. Gives how many. */
  async refreshAll(): Promise<number> {
    const { rows } = await this.pool.query<Grant>(
      "SELECT id, access_token_ct, refresh_token_ct, refresh_token_version, true AS expired FROM delegated_grants WHERE status = 'active' LIMIT 1000",
    );
    let done = 0;
    for (const grant of rows) if ((await this.refresh(grant)) !== null) done += 1;
    return done;
  }

  /**
   * What goes upstream for a subject and a resource: the provider's token, or, quietly, the mandate itself where there is no grant or
   * its token does not open (trap 6).
   */
  async upstream(zoneId: string, userId: string, resource: string, mandate: string): Promise<string> {
    const { rows } = await this.pool.query<Grant>(grantSql, [zoneId, userId, resource]);
    const [grant] = rows;
    if (grant === undefined) return mandate;
    return (grant.expired ? await this.refresh(grant) : this.open(grant.access_token_ct)) ?? mandate;
  }
}
