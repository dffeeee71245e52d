import type { Movement } from "@/components/live/metric-memory";

const trouble = /(denials|denied|errors|dropped|dlq|failures|dead|breaks|invalid|replay|retries|parse)/;
const notCounters =
  /(_unix|_ms|_ns|_secs|_seconds|\.runs|eval_total|consumer_lag|is_|tamper_checked_total|tamper_mismatch_total|bindings_loaded|graph_traversals)$|(^|\.)is_/;

export type ShownMovement = Movement & { readonly trouble: boolean };

/**
 * Counters that moved, those that speak of trouble first, at most `limit`. Clocks and flags are left out, and so is the
 * sweep's mismatch count, which rises on clean rows too (trap 8).
 */
export function shownMovements(moved: readonly Movement[], limit: number): readonly ShownMovement[] {
  return moved
    .filter((movement) => !notCounters.test(movement.metric))
    .map((movement) => ({ ...movement, trouble: trouble.test(movement.metric) }))
    .sort(
      (left, right) =>
        Number(right.trouble) - Number(left.trouble) || right.by - left.by || left.metric.localeCompare(right.metric),
    )
    .slice(0, limit);
}
