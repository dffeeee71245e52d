type Kept = { readonly at: number; readonly value: Promise<unknown>; running: boolean };

const most = 500;
const reads = new WeakMap<object, Map<string, Kept>>();

/**
 * One read for everybody who asks the same of the same source within `ttlMs`: many viewers of a page cost what one does. A read under
 * way is joined however long it takes, so that a slow source is not asked twice at once; one that failed is not kept. The oldest of 500
 * questions is forgotten first.
 */
export function sharedRead<T>(source: object, key: string, ttlMs: number, read: () => Promise<T>): Promise<T> {
  const kept = reads.get(source) ?? new Map<string, Kept>();
  reads.set(source, kept);
  const known = kept.get(key);
  if (known !== undefined && (known.running || performance.now() - known.at < ttlMs)) return known.value as Promise<T>;
  const value = read();
  const entry: Kept = { at: performance.now(), value, running: true };
  kept.delete(key);
  kept.set(key, entry);
  value.then(
    () => {
      entry.running = false;
    },
    () => {
      if (kept.get(key) === entry) kept.delete(key);
    },
  );
  if (kept.size > most) for (const oldest of [...kept.keys()].slice(0, kept.size - most)) kept.delete(oldest);
  return value;
}

/** Forgets what was read of a source: somebody has just changed it and must see so. */
export const forgetReads = (source: object): void => void reads.delete(source);
