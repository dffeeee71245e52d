import type { Queryable } from "@/server/platform/postgres";

/** When the newest mandates run out, by their sessions rows (epoch ms); null: none lives. Per-call ones live 15 minutes at most, ambient ones 60. */
export type NewestMandates = { readonly perCall: number | null; readonly ambient: number | null };

export const newestMandatesSql = `
  SELECT (SELECT extract(epoch FROM expires_at)::float8 * 1000 FROM (
            SELECT expires_at, created_at FROM sessions WHERE status = 'active' AND expires_at > now() AND expires_at <= now() + interval '16 minutes'
             ORDER BY expires_at DESC LIMIT 1000) soon
           WHERE expires_at - created_at <= interval '16 minutes' LIMIT 1) AS "perCall",
         (SELECT extract(epoch FROM expires_at)::float8 * 1000 FROM (
            SELECT expires_at, created_at FROM sessions WHERE status = 'active' AND expires_at > now()
             ORDER BY expires_at DESC LIMIT 1000) last
           WHERE expires_at - created_at > interval '16 minutes' LIMIT 1) AS ambient`;

/** Read from the end of the index on expiry of active sessions: 1,000 rows at most of each. */
export async function newestMandates(tx: Queryable): Promise<NewestMandates> {
  const [row] = await tx.query<NewestMandates>(newestMandatesSql);
  return row ?? { perCall: null, ambient: null };
}
