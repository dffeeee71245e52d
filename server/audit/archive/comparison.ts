import type { ArchiveSource } from "@/server/audit/archive/archive-source";
import type { Difference, FileTrouble } from "@/server/audit/archive/finding";
import type { Partition } from "@/server/audit/archive/retention";
import type { StoredRow } from "@/server/audit/verify/stored-row";

/** What to hold against each other. Hours are Unix ms; the window is [from, to). */
export type Comparison = {
  readonly source: ArchiveSource;
  readonly window: { readonly from: number; readonly to: number };
  readonly zoneId: string | null; // null: every zone
  /** Rows of the window by their time of ingestion, in any order. Others are passed over. */
  readonly rows: AsyncIterable<StoredRow>;
  /** The rows that now have these ids, wherever they are; null: there is nothing to ask, `rows` is all there is. */
  readonly lookUp: ((ids: readonly string[]) => Promise<readonly StoredRow[]>) | null;
  readonly partitions: readonly Partition[];
  /** Called between pages, with what is being done: others want to work too, and it may throw to end everything. */
  readonly breathe?: (phase: string, done: number) => Promise<void>;
};

export type Told = { difference(one: Difference): void; trouble(one: FileTrouble): void };
