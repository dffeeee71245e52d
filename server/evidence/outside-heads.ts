import { readLines } from "@/server/evidence/head-lines";
import { type HeadSettings, placesOf } from "@/server/evidence/keep-heads";
import { type SigningSettings, signingKey } from "@/server/evidence/signing-key";
import { messageOf } from "@/server/platform/errors";
import { exactInstantSql } from "@/server/platform/exact-time";
import type { Queryable } from "@/server/platform/postgres";
import type { OutsideHeads } from "@/server/timeline/verify-timeline";

type Anchor = { place: string; seq: number | null; written: string | null; problem: string | null };

/**
 * What is kept outside of one chain's heads: read from TIMELINE_HEADS_FILE where that is set. A webhook's receiver cannot be
 * asked, so that only when it was last told is known. Null when neither is set. Never throws for a file that cannot be read.
 */
export async function outsideHeads(
  db: Queryable,
  settings: HeadSettings & SigningSettings,
  chain: string,
): Promise<OutsideHeads | null> {
  const places = placesOf(settings);
  if (places.length === 0) return null;
  const anchors = await db.query<Anchor>(
    `SELECT p.place, a.seq::float8 AS seq, ${exactInstantSql("a.written_at")} AS written, s.problem
       FROM unnest($1::text[]) AS p (place) LEFT JOIN timeline_anchors a ON a.place = p.place AND a.chain = $2
       LEFT JOIN timeline_anchor_places s ON s.place = p.place`,
    [places, chain],
  );
  const problems = anchors.flatMap(({ place, problem }) => (problem === null ? [] : [`${place}: ${problem}`]));
  const written = anchors.flatMap((anchor) => anchor.written ?? []).sort();
  const file = settings.TIMELINE_HEADS_FILE;
  const result = {
    source: [
      file === undefined ? null : `the file ${file}`,
      places.includes("webhook") ? "a webhook (told only)" : null,
    ]
      .filter((text) => text !== null)
      .join(" and "),
    lastWrittenAt: written.at(-1) ?? null,
  };
  if (file === undefined) return { ...result, heads: [], problem: problems.join(" ") || null };
  const known = anchors.find(({ place }) => place === "file")?.seq ?? null;
  try {
    const found = await readLines(file, chain, signingKey(settings));
    const highest = found.heads.reduce((most, head) => Math.max(most, head.seq), 0);
    if (found.unsigned > 0)
      problems.push(`${found.unsigned} of its lines about this timeline carry a signature that is not this console's.`);
    if (found.unreadable > 0) problems.push(`${found.unreadable} of its lines cannot be read.`);
    if (known !== null && highest < known)
      problems.push(
        `It lacks the head of entry ${known}, which was written to it: the file was changed or is another one.`,
      );
    return { ...result, heads: found.heads, problem: problems.join(" ") || null };
  } catch (error) {
    const missing = known === null && messageOf(error).startsWith("ENOENT");
    if (!missing) problems.push(`The file cannot be read: ${messageOf(error)}.`);
    return { ...result, heads: [], problem: problems.join(" ") || null };
  }
}
