import type { AuditFilter, AuditScope, AuditWindow } from "@/server/caracal/audit-read";
import { countBuckets, estimateRows, planCorrection } from "@/server/caracal/audit-volume-read";
import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import { auditFilter, auditScope, auditWindow } from "@/server/audit/audit-question";
import { searchCommand } from "@/server/audit/commands";
import type { AuditOverview, AuditQuestion } from "@/server/audit/schemas";
import { millisecondsOf } from "@/server/platform/exact-time";
import type { Queryable } from "@/server/platform/postgres";

const bounds = { timeoutMs: 3_000, narrow: "Pick a zone, or a shorter window." };
const buckets = 48;
const mostLookedAt = 48_000; // events for a whole histogram
const leastPerBucket = 20;
const rowsByHand = 50;

/** The window's parts at whole microseconds, as `countBuckets` cuts it. */
function partOf({ since, until }: AuditWindow, n: number): AuditWindow {
  const [start, end] = [millisecondsOf(since), millisecondsOf(until)];
  const at = (part: number) => new Date(start + ((end - start) * part) / buckets).toISOString();
  return { since: at(n), until: at(n + 1) };
}

async function histogram(
  tx: Queryable,
  scope: AuditScope,
  window: AuditWindow,
  filter: AuditFilter,
  correction: number,
): Promise<AuditOverview["histogram"]> {
  const zones = scope.kind === "zones" ? Math.max(1, scope.zoneIds.length) : 1;
  const perZone = Math.min(1_000, Math.floor(mostLookedAt / (buckets * zones)));
  if (perZone < leastPerBucket) return null;
  const counted = await countBuckets(tx, scope, window, filter, { count: buckets, perZone });
  const shown: { since: string; events: number; how: "counted" | "estimated" }[] = [];
  for (const { n, examined, matched, whole } of counted) {
    const part = partOf(window, n);
    if (whole) shown.push({ since: part.since, events: matched, how: "counted" });
    else {
      const all = Math.max(examined, await estimateRows(tx, scope, part, {}, correction));
      shown.push({ since: part.since, events: Math.round((all * matched) / examined), how: "estimated" });
    }
  }
  return { buckets: shown, bucketMs: (millisecondsOf(window.until) - millisecondsOf(window.since)) / buckets };
}

/**
 * How many events a search is about, and when they were: never by counting them. The total is the planner's estimate. Of each bucket a
 * bounded number of events is looked at; where there are more, the bucket is the planner's estimate for it, times the share that matched.
 * Text is left out of both. `histogram` null: too many zones to look at each.
 * @throws as searchAudit
 */
export async function describeSearch({
  ctx,
  input,
}: {
  ctx: { caracal: Pick<Deployment, "db"> };
  input: AuditQuestion;
}): Promise<AuditOverview> {
  const filter = auditFilter(input);
  const window = auditWindow(input);
  const without = { ...filter, text: undefined }; // counting what text finds would tell of what is hidden
  return boundedRead(ctx.caracal.db, bounds, async (tx) => {
    const scope = await auditScope(tx, input, window, filter);
    const correction = await planCorrection(tx);
    return {
      estimate: await estimateRows(tx, scope, window, without, correction),
      leftOut: (["text", "resource", "policy"] as const).filter((name) => filter[name] !== undefined),
      sql: searchCommand(input, rowsByHand),
      histogram: await histogram(tx, scope, window, without, correction),
    };
  });
}
