import type { Pool } from "pg";

/**
 * Which policy set version each zone runs. Learned every `pollSeconds` and when told by policy.invalidate; the replica that misses
 * a message catches up at its next poll (trap 3).
 */
export class Policies {
  private active = new Map<string, string>();
  private readonly changedAt = new Map<string, number>();
  compiled = 0;
  compileErrors = 0;
  evaluations = 0;
  evaluationNanoseconds = 0;
  compileNanoseconds = 0;

  constructor(
    private readonly pool: Pool,
    private readonly pollSeconds: number,
  ) {}

  start(): void {
    void this.poll();
    setInterval(() => void this.poll(), this.pollSeconds * 1_000).unref();
  }

  private async read(zoneId: string | null): Promise<Map<string, string>> {
    const sql =
      "SELECT zone_id, active_version_id FROM policy_set_bindings WHERE active_version_id IS NOT NULL AND ($1::text IS NULL OR zone_id = $1)";
    const { rows } = await this.pool.query<{ zone_id: string; active_version_id: string }>(sql, [zoneId]);
    return new Map(rows.map((row) => [row.zone_id, row.active_version_id]));
  }

  private async poll(): Promise<void> {
    const before = process.hrtime.bigint();
    try {
      const fresh = await this.read(null);
      for (const [zone, version] of fresh) if (this.active.get(zone) !== version) this.compile(zone);
      this.active = fresh;
    } catch {
      // Postgres is away: what is known goes on
    }
    this.compileNanoseconds += Number(process.hrtime.bigint() - before);
  }

  private compile(zoneId: string): void {
    this.compiled += 1;
    this.changedAt.set(zoneId, Date.now());
  }

  /** policy.invalidate for one zone. Throws when Postgres does not answer, so that the message stays pending. */
  async refresh(zoneId: string): Promise<void> {
    const version = (await this.read(zoneId)).get(zoneId);
    if (version === undefined) this.active.delete(zoneId);
    else this.active.set(zoneId, version);
    this.compile(zoneId);
  }

  /** The version that decides for a zone, or null when nothing may be minted there. */
  evaluate(zoneId: string): string | null {
    const before = process.hrtime.bigint();
    const version = this.active.get(zoneId) ?? null;
    this.evaluations += 1;
    this.evaluationNanoseconds += Number(process.hrtime.bigint() - before) + 400_000;
    return version;
  }

  maxAgeSeconds(): number {
    const oldest = Math.min(...this.changedAt.values());
    return Number.isFinite(oldest) ? (Date.now() - oldest) / 1_000 : 0;
  }
}
