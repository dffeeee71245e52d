import type { AuditKey } from "@/server/caracal/audit-read";
import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import { auditFilter, auditScope, auditWindow } from "@/server/audit/audit-question";
import { auditRow } from "@/server/audit/event-view";
import { scanEvents } from "@/server/audit/scan-events";
import type { AuditPage, SearchAuditInput } from "@/server/audit/schemas";
import { exactInstant } from "@/server/platform/exact-time";
import { decodeCursor, encodeCursor } from "@/server/platform/keyset-cursor";

const bounds = { timeoutMs: 3_000, narrow: "Narrow it: pick a zone or a request id, or a shorter window." };
const budgets = { first: { ms: 100, events: 20_000 }, deeper: { ms: 2_000, events: 500_000 } };

type Position = readonly [occurredAt: string, id: string, place: string];

const position = (found: readonly string[]): Position | null => {
  const [at = "", id = "", place = ""] = found;
  return found.length === 3 && exactInstant(at) === at && (place === "at" || place === "beyond")
    ? [at, id, place]
    : null;
};

/**
 * One page of the window's audit events by (occurred_at, id), read towards older or newer ones. Never a sequential scan: zones are read by
 * (zone_id, occurred_at) on the window's partitions, a request id by its own index. Filters without an index look at bounded slices of one
 * zone; when a look's budget is used up before the page is full, `stopped` says how far it got and the cursor of its direction goes on from there.
 * @throws DomainError bad_input (window), not_found (zone), stale_cursor, precondition_failed, source_unreachable.
 */
export async function searchAudit({
  ctx,
  input,
}: {
  ctx: { caracal: Pick<Deployment, "db"> };
  input: SearchAuditInput;
}): Promise<AuditPage> {
  const { zoneId, requestId, direction, deeper, limit } = input;
  const filter = auditFilter(input);
  const window = auditWindow(input);
  const question = { zoneId, requestId, ...filter, ...window };
  const asked = decodeCursor("audit", question, input.cursor, position);
  const from: AuditKey | null =
    asked === null ? null : { occurredAt: asked[0], id: asked[1], inclusive: asked[2] === "at" };
  const markOf = (key: Omit<AuditKey, "inclusive"> | null, inclusive = false) =>
    key === null ? null : encodeCursor("audit", question, [key.occurredAt, key.id, inclusive ? "at" : "beyond"]);
  return boundedRead(ctx.caracal.db, bounds, async (tx) => {
    const scope = await auditScope(tx, input, window, filter);
    const budget = deeper ? budgets.deeper : budgets.first;
    const found = await scanEvents(tx, { scope, window, filter, direction }, from, limit + 1, budget);
    const rows = found.rows.slice(0, limit);
    const [first, last] = [rows[0] ?? null, rows.at(-1) ?? null];
    const onward = found.rows.length > limit ? markOf(last) : markOf(found.cut);
    // Back from an empty page: what the page began after may match, so it is in the list that leads back.
    const back = from === null ? null : first === null ? markOf(from, !from.inclusive) : markOf(first);
    const shown = rows.map(auditRow);
    return {
      rows: direction === "older" ? shown : shown.reverse(),
      older: direction === "older" ? onward : back,
      newer: direction === "older" ? back : onward,
      stopped:
        found.cut === null || found.rows.length > limit ? null : { examined: found.examined, at: found.cut.occurredAt },
      examined: found.examined,
    };
  });
}
