/** How many entries a run may add now, from the rate it has now and what it added lately. Kept by the worker; at most one second is saved up. */
export function createAllowance(clock: () => number = Date.now) {
  const saved = new Map<string, { at: number; left: number }>();
  return {
    of(runId: string, rate: number | null): number {
      if (rate === null) return Number.POSITIVE_INFINITY;
      const now = clock();
      const before = saved.get(runId) ?? { at: now, left: Math.min(1, rate) };
      const left = Math.min(rate, before.left + ((now - before.at) / 1_000) * rate);
      saved.set(runId, { at: now, left });
      return left;
    },
    spend(runId: string, count: number): void {
      const now = saved.get(runId);
      if (now !== undefined) saved.set(runId, { ...now, left: now.left - count });
    },
  };
}
export type Allowance = ReturnType<typeof createAllowance>;
