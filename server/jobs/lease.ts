import type { Queryable } from "@/server/platform/postgres";

/** Takes or renews a lease by name; false while another holder's has not run out. The database's clock decides. */
export async function holdLease(db: Queryable, name: string, holder: string, seconds: number): Promise<boolean> {
  const rows = await db.query(
    `INSERT INTO leases AS l (name, holder, until) VALUES ($1, $2, now() + make_interval(secs => $3))
     ON CONFLICT (name) DO UPDATE SET holder = $2, until = now() + make_interval(secs => $3)
      WHERE l.holder = $2 OR l.until < now() RETURNING 1`,
    [name, holder, seconds],
  );
  return rows.length === 1;
}
