import { createHash } from "node:crypto";
import type { CheckContext, CheckRow } from "@/server/audit/checks/check-rows";
import { reading } from "@/server/audit/checks/reading";
import { isTrouble } from "@/server/audit/checks/troubles";
import type { Finding } from "@/server/audit/verify/finding";
import { rowsById } from "@/server/caracal/audit-rows-by-id";

const idsAtOnce = 500;
const mostFound = 20_000; // kept and carried over

type Found = Pick<Finding, "zone_id" | "chain_seq" | "event_id" | "finding">;
/** Of the rows of an event in a zone, what is in them; null: it has none. */
type ContentOf = (zone: string, event: string) => string | null;

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** One digest of a set of findings and of what their rows hold, whatever their order. Pure. */
export function foundDigest(found: readonly Found[], contentOf: ContentOf): string {
  const lines = found.map(({ zone_id: zone, chain_seq: seq, event_id: event, finding }) =>
    JSON.stringify([zone, seq, event, finding, event === null ? null : contentOf(zone, event)]),
  );
  return sha256([...new Set(lines)].sort().join("\n"));
}

/** The digest of each zone of a check of whole chains whose walks are over, with what is carried over from earlier ones. */
export async function foundDigests(
  ctx: CheckContext,
  check: CheckRow,
  zones: readonly string[],
  carried: readonly Found[],
): Promise<ReadonlyMap<string, string>> {
  if (check.scope !== "full") return new Map();
  const kept = await ctx.db.query<Found>(
    `SELECT zone_id, chain_seq::float8 AS chain_seq, event_id, finding FROM audit_findings WHERE check_id = $1 ORDER BY n LIMIT ${mostFound}`,
    [check.id],
  );
  const found = [...kept, ...carried].filter(({ finding }) => isTrouble(finding));
  const ids = [...new Set(found.flatMap(({ event_id: id }) => id ?? []))];
  const contents = new Map<string, string[]>();
  for (let at = 0; at < ids.length; at += idsAtOnce)
    for (const row of await reading(ctx, (tx) => rowsById(tx, ids.slice(at, at + idsAtOnce)))) {
      const key = JSON.stringify([row.zone_id, row.id]);
      contents.set(key, [...(contents.get(key) ?? []), sha256(JSON.stringify(row))]);
    }
  const contentOf: ContentOf = (zone, event) =>
    contents
      .get(JSON.stringify([zone, event]))
      ?.sort()
      .join(" ") ?? null;
  return new Map(
    zones.map((zone) => [
      zone,
      foundDigest(
        found.filter(({ zone_id: id }) => id === zone),
        contentOf,
      ),
    ]),
  );
}
