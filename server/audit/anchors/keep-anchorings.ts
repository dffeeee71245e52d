import { anchoringLineOf, readAnchorings } from "@/server/audit/anchors/anchoring-lines";
import { deliverLines, type Outside, placesIn } from "@/server/evidence/outside-places";
import type { SigningKey } from "@/server/evidence/signing-key";
import { messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import type { Database } from "@/server/platform/postgres";

type Call = { ctx: { readonly db: Database; readonly outside: Outside; readonly key: SigningKey } };
const mostAtOnce = 500;

/**
 * Writes the anchorings that a place does not have yet to it, one signed line each, then records up to where. A crash in between writes a
 * line twice, which harms nothing. A failure is recorded for the Audit page, and tried again at the next call. Gives how many were written.
 */
export async function keepAnchorings({ ctx: { db, outside, key } }: Call): Promise<number> {
  let written = 0;
  for (const place of placesIn(outside)) {
    const [known] = await db.query<{ n: number }>(
      "SELECT written_n::float8 AS n FROM audit_anchoring_places WHERE place = $1",
      [place],
    );
    const rows = await readAnchorings(db, known?.n ?? 0, mostAtOnce);
    let [upTo, problem] = [known?.n ?? 0, null as string | null];
    if (rows.length > 0)
      try {
        await deliverLines(
          place,
          rows.map((row) => anchoringLineOf(key, row)),
          outside,
        );
        upTo = rows.at(-1)?.n ?? upTo;
        written += rows.length;
      } catch (error) {
        problem = `The last attempt failed: ${messageOf(error)}.`;
        log.warn({ place, reason: messageOf(error) }, "anchorings of audit heads not kept outside; trying again");
      }
    await db.query(
      `INSERT INTO audit_anchoring_places (place, written_n, tried_at, problem) VALUES ($1, $2, now(), $3)
       ON CONFLICT (place) DO UPDATE SET written_n = greatest(audit_anchoring_places.written_n, excluded.written_n), tried_at = excluded.tried_at, problem = excluded.problem`,
      [place, upTo, problem],
    );
  }
  return written;
}
