import type { BadExportKind } from "@/server/audit/archive/archive-source";
import type { ComparedColumn } from "@/server/audit/archive/compared-row";

export type DifferenceKind =
  | "missing_in_database"
  | "missing_in_archive"
  | "content_differs"
  | "columns_differ"
  | "twice_in_archive";

/** One event of which the archive and the table do not say the same. */
export type Difference = {
  readonly zone_id: string;
  readonly chain_seq: number | null;
  readonly event_id: string;
  readonly finding: DifferenceKind;
  readonly columns: readonly ComparedColumn[];
  /** The values of those columns, long ones cut; null where that side has none. */
  readonly archived: Readonly<Record<string, string | null>> | null;
  readonly stored: Readonly<Record<string, string | null>> | null;
  readonly hour: string | null; // of the export, or in which it would have to be
  /** The row's own columns still give its sealed hash: it is the archive that was changed. Null: not looked at, or it cannot be told. */
  readonly row_proves_itself: boolean | null;
};

/** A file that could not be used, or an hour without any. `rows`: of that hour in the table, which could not be compared. */
export type FileTrouble = {
  readonly key: string;
  readonly hour: string | null;
  readonly trouble: BadExportKind | "no-export";
  readonly reason: string;
  readonly rows: number;
};

export type ComparisonTotals = {
  files: number; // read whole
  archived: number; // events in them, of the zone
  stored: number; // rows of the table that were held against them
  agree: number;
  missing_in_database: number;
  missing_in_archive: number;
  content_differs: number;
  columns_differ: number;
  twice_in_archive: number;
  archive_changed: number; // of those that differ: where the row proves itself
  gone_by_retention: number;
  not_compared: number; // rows of hours without a usable export
  troubles: number;
};

export const noComparisonTotals = (): ComparisonTotals => ({
  files: 0,
  archived: 0,
  stored: 0,
  agree: 0,
  missing_in_database: 0,
  missing_in_archive: 0,
  content_differs: 0,
  columns_differ: 0,
  twice_in_archive: 0,
  archive_changed: 0,
  gone_by_retention: 0,
  not_compared: 0,
  troubles: 0,
});
