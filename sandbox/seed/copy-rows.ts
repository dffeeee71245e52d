import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Client } from "pg";
import { from as copyFrom } from "pg-copy-streams";

export type Cell = string | number | bigint | boolean | Date | Buffer | readonly string[] | null;

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

function csv(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "string") return quoted(cell);
  if (cell instanceof Date) return cell.toISOString();
  if (Buffer.isBuffer(cell)) return `\\x${cell.toString("hex")}`;
  if (typeof cell === "object")
    return quoted(`{${cell.map((item) => `"${item.replaceAll(/(["\\])/g, "\\$1")}"`).join(",")}}`);
  return String(cell);
}

const linesPerChunk = 500;

/** Loads rows by COPY; each row is an object of columns, the first row's keys name them. */
export async function copyRows(
  client: Client,
  table: string,
  rows: readonly Readonly<Record<string, Cell>>[],
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const columns = Object.keys(first);
  const chunks = function* () {
    for (let at = 0; at < rows.length; at += linesPerChunk)
      yield rows
        .slice(at, at + linesPerChunk)
        .map((row) => `${columns.map((column) => csv(row[column] ?? null)).join(",")}\n`)
        .join("");
  };
  await pipeline(
    Readable.from(chunks()),
    client.query(copyFrom(`COPY ${table} (${columns.join(", ")}) FROM STDIN CSV`)),
  );
}
