/** A month's partition of audit_events, [from, to), Unix ms. */
export type Partition = { readonly from: number; readonly to: number; readonly holdsRows: boolean };

const dayMs = 86_400_000;
const keptDays = 365; // Caracal's default (contract section 2)

/**
 * Whether an event that is absent went with its month: no partition covers its time, none before it still holds rows, and it was young
 * enough when it came to have been put into a month of its own, not among the default partition's, which retention leaves alone.
 */
export function goneByRetention(partitions: readonly Partition[], occurredAt: number, ingestedAt: number): boolean {
  if (partitions.some(({ from, to }) => occurredAt >= from && occurredAt < to)) return false;
  const oldest = Math.min(...partitions.filter(({ holdsRows }) => holdsRows).map(({ from }) => from));
  return Number.isFinite(oldest) && occurredAt < oldest && ingestedAt - occurredAt < keptDays * dayMs;
}
