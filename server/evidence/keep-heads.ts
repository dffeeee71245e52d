import { headLineOf } from "@/server/evidence/head-lines";
import { deliverLines, type Outside, type Place, placesIn } from "@/server/evidence/outside-places";
import type { SigningKey } from "@/server/evidence/signing-key";
import { messageOf } from "@/server/platform/errors";
import { exactInstantSql } from "@/server/platform/exact-time";
import { log } from "@/server/platform/log";
import type { Database } from "@/server/platform/postgres";
import type { Settings } from "@/server/platform/settings";

export type HeadSettings = Pick<Settings, "TIMELINE_HEADS_FILE" | "TIMELINE_HEADS_WEBHOOK_URL" | "NOTIFY_ALLOW_HOSTS">;
type ChangedHead = { chain: string; seq: number; hash: string; at: string; now: string; backwards: boolean };
type Call = { ctx: { readonly db: Database; readonly settings: HeadSettings; readonly key: SigningKey } };

const mostAtOnce = 500;

const outsideOf = (settings: HeadSettings): Outside => ({
  file: settings.TIMELINE_HEADS_FILE,
  webhook: settings.TIMELINE_HEADS_WEBHOOK_URL,
  allowHosts: settings.NOTIFY_ALLOW_HOSTS,
});

/** Which places are set up. */
export const placesOf = (settings: HeadSettings): readonly Place[] => placesIn(outsideOf(settings));

/** Heads that the place does not have yet: of closed chains at once, of others at most once a minute. */
const changedSql = `SELECT h.chain, h.seq::float8 AS seq, h.hash, ${exactInstantSql("h.at")} AS at, ${exactInstantSql("clock_timestamp()")} AS now,
    coalesce(a.seq >= h.seq, false) AS backwards
  FROM timeline_heads h LEFT JOIN timeline_anchors a ON a.place = $1 AND a.chain = h.chain
 WHERE h.seq > 0 AND (a.chain IS NULL OR ((a.seq, a.hash) <> (h.seq, h.hash) AND (h.closed OR a.written_at <= now() - interval '1 minute')))
 ORDER BY h.at LIMIT ${mostAtOnce}`;

/**
 * Writes the signed heads that changed to every place that is set up, then records up to where. A crash in between writes a
 * line twice, which harms nothing. A failure is recorded for the verifier to show, and tried again at the next call.
 * @returns how many heads were written, over all places
 */
export async function keepHeads({ ctx }: Call): Promise<number> {
  const { db, settings, key } = ctx;
  let written = 0;
  for (const place of placesOf(settings)) {
    const heads = await db.query<ChangedHead>(changedSql, [place]);
    for (const { chain, seq } of heads.filter((head) => head.backwards))
      log.error(
        { chain, seq, place },
        "a timeline head went back or changed under the same number: verify that timeline",
      );
    let problem: string | null = null;
    if (heads.length > 0)
      try {
        const lines = heads.map(({ chain, seq, hash, at, now }) =>
          headLineOf(key, { chain, seq, hash, at, writtenAt: now }),
        );
        await deliverLines(place, lines, outsideOf(settings));
        await db.query(
          `INSERT INTO timeline_anchors (place, chain, seq, hash, written_at)
           SELECT $1, t.chain, t.seq, t.hash, now() FROM unnest($2::uuid[], $3::bigint[], $4::text[]) AS t (chain, seq, hash)
           ON CONFLICT (place, chain) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, written_at = excluded.written_at`,
          [place, heads.map((head) => head.chain), heads.map((head) => head.seq), heads.map((head) => head.hash)],
        );
        written += heads.length;
      } catch (error) {
        problem = `The last attempt failed: ${messageOf(error)}.`;
        log.warn({ place, reason: messageOf(error) }, "timeline heads not kept outside; trying again");
      }
    await db.query(
      `INSERT INTO timeline_anchor_places (place, tried_at, problem) VALUES ($1, now(), $2)
       ON CONFLICT (place) DO UPDATE SET tried_at = excluded.tried_at, problem = excluded.problem`,
      [place, problem],
    );
  }
  return written;
}
