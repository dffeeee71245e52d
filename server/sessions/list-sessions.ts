import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import {
  readFewSessions,
  readSessionSlice,
  type SessionFilter,
  type StoredSession,
} from "@/server/caracal/sessions-read";
import { requireZone } from "@/server/caracal/zones-read";
import { DomainError } from "@/server/platform/errors";
import { decodeCursor, encodeCursor, oneKey } from "@/server/platform/keyset-cursor";
import type { Page } from "@/server/platform/page";
import type { Queryable } from "@/server/platform/postgres";
import type { ListSessionsInput, SessionRow } from "@/server/sessions/schemas";

const bounds = { timeoutMs: 2_500, narrow: "Narrow it: pick a zone and a subject." };
const walkBudgetMs = 2_000;
const slices = [2_000, 20_000]; // a short look first: most pages fill at once

type Found = { readonly rows: readonly StoredSession[]; readonly cutAt: string | null };

/** Walks ids newest first until `wanted` rows match, the table ends, or the time is up (then `cutAt` is where it stopped). */
async function walk(tx: Queryable, filter: SessionFilter, from: string | null, wanted: number): Promise<Found> {
  const until = performance.now() + walkBudgetMs;
  const rows: StoredSession[] = [];
  let examined = 0;
  let before = from;
  for (let round = 0; ; round += 1) {
    const size = slices[Math.min(round, slices.length - 1)] ?? 2_000;
    const slice = await readSessionSlice(tx, filter, before, size);
    rows.push(...slice.rows);
    examined += slice.examined;
    if (rows.length >= wanted) return { rows: rows.slice(0, wanted), cutAt: null };
    if (slice.examined < size || slice.lastId === null) return { rows, cutAt: null };
    before = slice.lastId;
    if (performance.now() > until) {
      if (rows.length > 0) return { rows, cutAt: before };
      throw new DomainError(
        "precondition_failed",
        `None of the newest ${examined.toLocaleString("en")} sessions match, and looking further would burden Caracal's Postgres. Narrow it: pick a zone and a subject.`,
        { examined },
      );
    }
  }
}

/**
 * Sessions newest first (by id: UUIDv7), at most `limit`. Filters on few rows are led by (zone_id, subject_id, status) or
 * the expiry index; the others walk the primary key in bounded slices. A page can be short and still have a next one.
 * @throws DomainError not_found (zone), stale_cursor, precondition_failed (what to narrow), source_unreachable.
 */
export async function listSessions({
  ctx,
  input,
}: {
  ctx: { caracal: Pick<Deployment, "db"> };
  input: ListSessionsInput;
}): Promise<Page<SessionRow>> {
  const { zoneId, subjectId, state, limit } = input;
  const filter = { zoneId, subjectId, state };
  const from = decodeCursor("sessions", filter, input.cursor, oneKey)?.[0] ?? null;
  return boundedRead(ctx.caracal.db, bounds, async (tx) => {
    if (zoneId !== undefined) await requireZone(tx, zoneId);
    const few = await readFewSessions(tx, filter, from, limit + 1);
    const found = few === null ? await walk(tx, filter, from, limit + 1) : { rows: few, cutAt: null };
    const rows = found.rows.slice(0, limit);
    const last = found.rows.length > limit ? (rows.at(-1)?.id ?? null) : found.cutAt;
    return { rows, nextCursor: last === null ? null : encodeCursor("sessions", filter, [last]) };
  });
}
