import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { ArchiveUnreachable, BadExport } from "@/server/audit/archive/archive-source";
import { type ComparedColumn, comparedColumns, type ComparedRow, timeText } from "@/server/audit/archive/compared-row";
import { hourText } from "@/server/audit/archive/export-key";
import { messageOf } from "@/server/platform/errors";

const rowsAtOnce = 10_000;
const mostOfGroup = 1024 ** 3; // uncompressed bytes of a row group
const textColumns = comparedColumns.filter((column) => !["occurred_at", "chain_seq", "ingested_at"].includes(column));
const needed = ["event_id", "time", "chain_seq", ...textColumns];
const decoder = new TextDecoder();
// JSON as it was written, not as JavaScript would read it: 1.50 and 12345678901234567890 stay what they are.
const parsers = { jsonFromBytes: (bytes: Uint8Array) => decoder.decode(bytes) };

function requireSchema(metadata: FileMetaData): void {
  const fields = new Map(metadata.schema.slice(1).map((element) => [element.name, element.type]));
  const wrong = needed.filter(
    (name) => fields.get(name) !== (["time", "chain_seq"].includes(name) ? "INT64" : "BYTE_ARRAY"),
  );
  if (wrong.length > 0)
    throw new BadExport(
      "other-schema",
      `It is Parquet, but no audit export: no column ${wrong.join(", ")} as an export has it.`,
    );
  if (metadata.row_groups.some(({ total_byte_size: size }) => size > mostOfGroup))
    throw new BadExport("other-schema", "A row group of it is larger than 1 GiB: no hour of audit events is.");
}

async function metadataOf(file: AsyncBuffer): Promise<FileMetaData> {
  if (file.byteLength === 0) throw new BadExport("empty", "It has zero bytes.");
  if (file.byteLength < 12) throw new BadExport("bad-footer", `${file.byteLength} bytes are no Parquet file.`);
  try {
    return await parquetMetadataAsync(file, { geoparquet: false });
  } catch (error) {
    if (error instanceof ArchiveUnreachable || error instanceof BadExport) throw error;
    throw new BadExport("bad-footer", `Its footer cannot be read, as when it was cut off: ${messageOf(error)}.`);
  }
}

const textOf = (value: unknown): string | null =>
  value === null || value === undefined || value === "" ? null : String(value);

function timeOf(value: unknown): string | null {
  const ms = value instanceof Date ? value.getTime() : Number(value);
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? timeText(ms) : null;
}

function rowOf(record: Readonly<Record<string, unknown>>, hour: number): ComparedRow {
  const values = {} as Record<ComparedColumn, string | null>;
  for (const column of comparedColumns)
    values[column] =
      column === "ingested_at"
        ? hourText(hour)
        : column === "occurred_at"
          ? timeOf(record.time)
          : textOf(record[column]);
  return { id: textOf(record.event_id) ?? "", values };
}

/**
 * The events of one hour's export, a slice of a row group at a time, read in ranges.
 * @throws BadExport saying what is wrong with the file, ArchiveUnreachable
 */
export async function* readExport(file: AsyncBuffer, hour: number): AsyncGenerator<readonly ComparedRow[]> {
  const metadata = await metadataOf(file);
  requireSchema(metadata);
  let groupStart = 0;
  for (const group of metadata.row_groups) {
    const groupEnd = groupStart + Number(group.num_rows);
    for (let rowStart = groupStart; rowStart < groupEnd; rowStart += rowsAtOnce) {
      const rowEnd = Math.min(rowStart + rowsAtOnce, groupEnd);
      yield (await slice(file, metadata, rowStart, rowEnd)).map((record) => rowOf(record, hour));
    }
    groupStart = groupEnd;
  }
}

async function slice(file: AsyncBuffer, metadata: FileMetaData, rowStart: number, rowEnd: number) {
  try {
    const rows = await parquetReadObjects({
      file,
      metadata,
      columns: needed,
      rowStart,
      rowEnd,
      compressors,
      parsers,
      geoparquet: false,
      useOffsetIndex: true,
    });
    if (rows.length !== rowEnd - rowStart || rows.some(({ event_id: id }) => typeof id !== "string" || id === ""))
      throw new BadExport("damaged", `Its rows from ${rowStart} on are not what its footer promises.`);
    return rows;
  } catch (error) {
    if (error instanceof ArchiveUnreachable || error instanceof BadExport) throw error;
    throw new BadExport("damaged", `Its rows from ${rowStart} on cannot be read: ${messageOf(error)}.`);
  }
}
