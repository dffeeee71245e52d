import type { Queryable } from "@/server/platform/postgres";

/** Which key the data was last seen to open under, in words: the one thing that tells a wrong key from broken data. */
export async function wantedFingerprint(db: Queryable): Promise<string> {
  const [row] = await db.query<{ kek: string; at: Date }>(
    `SELECT kek, at FROM (
       SELECT j.to_kek AS kek, j.finished_at AS at FROM key_jobs j WHERE j.kind <> 'inventory' AND j.state = 'finished'
       UNION ALL
       SELECT j.result->>'opens', j.finished_at FROM key_jobs j WHERE j.kind = 'inventory' AND j.state = 'finished' AND j.result->>'opens' IS NOT NULL
     ) seen ORDER BY at DESC LIMIT 1`,
  );
  return row === undefined
    ? "No key has ever been seen here to open this data: give the console the ZONE_KEK of the STS replicas, then take an inventory."
    : `On ${row.at.toISOString().slice(0, 16).replace("T", " ")} UTC it opened under ${row.kek}: that is the key it wants.`;
}
