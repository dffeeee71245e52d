import type { AnchorsView } from "@/server/audit/anchors/schemas";
import { type Outside, placesIn } from "@/server/evidence/outside-places";
import type { Queryable } from "@/server/platform/postgres";

/** What is anchored, since when, and whether it has left this database. */
export async function anchorsView({
  ctx: { db, outside },
}: {
  ctx: { readonly db: Queryable; readonly outside: Outside };
}): Promise<AnchorsView> {
  const [newest] = await db.query<{ n: number; at: string; by: string; zones: number }>(
    `SELECT n::float8 AS n, at, by_name AS by, json_array_length(heads::json) AS zones FROM audit_anchorings ORDER BY n DESC LIMIT 1`,
  );
  const known = await db.query<{ place: string; writtenN: number; triedAt: Date; problem: string | null }>(
    `SELECT place, written_n::float8 AS "writtenN", tried_at AS "triedAt", problem FROM audit_anchoring_places`,
  );
  return {
    newest: newest ?? null,
    places: placesIn(outside).map((place) => {
      const at = known.find((one) => one.place === place);
      return {
        place,
        waiting: (newest?.n ?? 0) - (at?.writtenN ?? 0),
        triedAt: at?.triedAt.toISOString() ?? null,
        problem: at?.problem ?? null,
      };
    }),
  };
}
