const goodForMs = 5 * 60_000;
const most = 1_000; // copies remembered, the oldest are forgotten first

type Reading = { readonly stamp: string; readonly at: number };

/**
 * Copies that were read from their first byte to their last and found whole, each with what its store said of it before (`VaultStore.stamp`).
 * One holds for five minutes, and only while the store says the same. Kept by this process alone: nobody else can write into it.
 */
export function recentReadings() {
  const known = new Map<string, Reading>();
  return {
    note(copy: string, reading: Reading): void {
      known.delete(copy);
      known.set(copy, reading);
      const [oldest] = known.keys();
      if (known.size > most && oldest !== undefined) known.delete(oldest);
    },
    /** When the copy was read whole, as it is now. Null: not lately, or the store says that it has changed. */
    of(copy: string, stamp: string | null): number | null {
      const reading = known.get(copy);
      return reading !== undefined && reading.stamp === stamp && Date.now() - reading.at < goodForMs
        ? reading.at
        : null;
    },
  };
}
