import type { AsyncBuffer } from "hyparquet";

export type ArchiveFile = { readonly key: string; readonly size: number };

/** Keys to list, both ends included; null: from the first, to the last. */
export type KeyRange = { readonly from: string | null; readonly to: string | null };

/** Where Caracal's hourly exports lie. Files are read in ranges, never whole. */
export type ArchiveSource = {
  readonly name: string; // as an operator calls it
  /** Files in the order of their keys. @throws ArchiveUnreachable */
  list(range: KeyRange): AsyncIterable<ArchiveFile>;
  /** Its slices throw ArchiveUnreachable, or BadExport when the file is no longer there. */
  open(file: ArchiveFile): AsyncBuffer;
};

/** The place itself does not answer, or does not let us in: nothing can be said of any file. */
export class ArchiveUnreachable extends Error {
  override readonly name = "ArchiveUnreachable";
}

export type BadExportKind =
  | "foreign-name"
  | "empty"
  | "bad-footer"
  | "other-schema"
  | "damaged"
  | "vanished"
  | "wrong-hour";

/** One file cannot be used, and why; the others can. */
export class BadExport extends Error {
  override readonly name = "BadExport";
  constructor(
    readonly kind: BadExportKind,
    message: string,
  ) {
    super(message);
  }
}
