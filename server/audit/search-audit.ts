import {
  readAuditSlice,
  readAuditZones,
  type AuditFilter,
  type AuditKey,
  type AuditScope,
  type AuditSlice,
  type AuditWindow,
} from "@/server/caracal/audit-read";
import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import { exactInstant, millisecondsOf, requireInstant } from "@/server/platform/exact-time";
import { DomainError } from "@/server/platform/errors";
import { decodeCursor, encodeCursor } from "@/server/platform/keyset-cursor";
import type { Queryable } from "@/server/platform/postgres";
import { requireAuditZone } from "@/server/audit/require-audit-zone";
import type { AuditPage, SearchAuditInput } from "@/server/audit/schemas";

const hourMs = 3_600_000;
const longest = { plain: 31 * 24 * hourMs, text: 24 * hourMs };
const bounds = { timeoutMs: 3_000, narrow: "Narrow it: pick a zone or a request id, or a shorter window." };
const scanBudgetMs = 2_000;
const mostZones = 2_000;
const mostRowsPerSlice = 20_000;

/** The window as exact instants. @throws DomainError bad_input when it is empty, upside down or too long. */
export function auditWindow(input: Pick<SearchAuditInput, "since" | "until" | "text">): AuditWindow {
  const since = requireInstant("since", input.since);
  const until = requireInstant("until", input.until);
  const length = millisecondsOf(until) - millisecondsOf(since);
  if (since >= until) throw new DomainError("bad_input", "The window is empty: its end must be later than its start.");
  const most = input.text === undefined ? longest.plain : longest.text;
  if (length > most)
    throw new DomainError(
      "bad_input",
      input.text === undefined
        ? "The window is longer than 31 days. Search a shorter one, or page on by moving it."
        : "Text is searched in windows of at most 24 hours. Shorten the window, or search without text.",
      { mostHours: most / hourMs },
    );
  return { since, until };
}

const auditKey = (position: readonly string[]): AuditKey | null => {
  const [at = "", id] = position;
  return position.length === 2 && id !== undefined && exactInstant(at) === at ? [at, id] : null;
};

async function scopeOf(tx: Queryable, input: SearchAuditInput, window: AuditWindow): Promise<AuditScope> {
  const { requestId, zoneId } = input;
  if (requestId !== undefined) return { kind: "request", requestId, zoneId: zoneId ?? null };
  if (zoneId !== undefined) return { kind: "zones", zoneIds: [zoneId] };
  const zoneIds = await readAuditZones(tx, window, mostZones + 1);
  if (zoneIds.length > mostZones)
    throw new DomainError(
      "precondition_failed",
      `More than ${mostZones} zones have events in this window. Pick a zone.`,
    );
  return { kind: "zones", zoneIds };
}

type Found = { readonly rows: readonly AuditSlice["rows"][number][]; readonly cut: AuditKey | null };

/** Looks at slices, newest first, until `wanted` rows match, the window ends, or the time is up (then `cut` is where). */
async function scan(
  tx: Queryable,
  scope: AuditScope,
  window: AuditWindow,
  filter: AuditFilter,
  from: AuditKey | null,
  wanted: number,
): Promise<Found> {
  const until = performance.now() + scanBudgetMs;
  const filtered = Object.values(filter).some((value) => value !== undefined);
  const zones = scope.kind === "zones" ? Math.max(1, scope.zoneIds.length) : 1;
  const size = filtered ? Math.max(wanted, Math.min(5_000, Math.floor(mostRowsPerSlice / zones))) : wanted;
  const rows: AuditSlice["rows"][number][] = [];
  let key = from;
  for (;;) {
    const slice = await readAuditSlice(tx, scope, window, filter, key, size);
    rows.push(...slice.rows);
    if (rows.length >= wanted) return { rows: rows.slice(0, wanted), cut: null };
    if (slice.examined < size || slice.last === null) return { rows, cut: null };
    key = slice.last;
    if (performance.now() > until) return { rows, cut: key };
  }
}

/**
 * Audit events of the window, newest first by (occurred_at, id), at most `limit`. Never a sequential scan: zones are read by
 * (zone_id, occurred_at) on the window's partitions, a request id by its own index. Filters without an index (type,
 * decision, status, text) look at bounded slices; when the time is up before the page is full, `scannedUntil` says how far
 * it got and the cursor goes on from there.
 * @throws DomainError bad_input (window), not_found (zone), stale_cursor, precondition_failed, source_unreachable.
 */
export async function searchAudit({
  ctx,
  input,
}: {
  ctx: { caracal: Pick<Deployment, "db"> };
  input: SearchAuditInput;
}): Promise<AuditPage> {
  const { zoneId, requestId, limit } = input;
  const blank = (value: string | undefined) => (value === "" ? undefined : value);
  const filter: AuditFilter = {
    eventType: blank(input.eventType),
    decision: blank(input.decision),
    evaluationStatus: blank(input.evaluationStatus),
    text: input.text,
  };
  const window = auditWindow(input);
  const question = { zoneId, requestId, ...filter, ...window };
  const from = decodeCursor("audit", question, input.cursor, auditKey);
  return boundedRead(ctx.caracal.db, bounds, async (tx) => {
    if (zoneId !== undefined) await requireAuditZone(tx, zoneId);
    const scope = await scopeOf(tx, input, window);
    const found = await scan(tx, scope, window, filter, from, limit + 1);
    const rows = found.rows.slice(0, limit);
    const last = rows.at(-1);
    const next: AuditKey | null =
      found.rows.length > limit && last !== undefined ? [last.occurredAt, last.id] : found.cut;
    return {
      rows,
      nextCursor: next === null ? null : encodeCursor("audit", question, next),
      scannedUntil: found.cut === null || found.rows.length > limit ? null : found.cut[0],
    };
  });
}
