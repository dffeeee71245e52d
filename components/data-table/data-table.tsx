import type { ReactNode } from "react";
import { cn } from "@/components/lib/cn";
import { TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";

export type DataColumn<Row> = {
  readonly id: string;
  readonly header: ReactNode;
  readonly numeric?: boolean;
  readonly className?: string;
  readonly cell: (row: Row) => ReactNode;
};

/** Who has no pointer scrolls a wide table with the arrow keys, so its box can take the focus. */
const scrollable = { tabIndex: 0 };

/**
 * A keyset list: sticky header, numbers to the right, and its own scroll box in both directions, so that the page never
 * scrolls sideways on a phone. The first column should hold a RowLink or RowButton: arrow keys move between those.
 */
export function DataTable<Row>({
  label,
  columns,
  rows,
  rowKey,
  selectedKey = null,
  footer,
  className,
}: {
  label: string;
  columns: readonly DataColumn<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  selectedKey?: string | null;
  footer?: ReactNode;
  className?: string;
}) {
  return (
    <>
      <section
        {...scrollable}
        aria-label={label}
        className={cn("relative max-h-[calc(100dvh-13rem)] min-h-40 w-full overflow-auto", className)}
      >
        <table className="w-full border-separate border-spacing-0 text-sm">
          <TableHead className="sticky top-0 z-10 border-0 bg-card">
            <tr>
              {columns.map((column) => (
                <TableHeader
                  key={column.id}
                  numeric={column.numeric}
                  className={cn("border-b bg-card", column.className)}
                >
                  {column.header}
                </TableHeader>
              ))}
            </tr>
          </TableHead>
          <TableBody>
            {rows.map((row) => {
              const key = rowKey(row);
              return (
                <TableRow key={key} className={cn(key === selectedKey && "bg-accent-soft hover:bg-accent-soft")}>
                  {columns.map((column) => (
                    <TableCell
                      key={column.id}
                      numeric={column.numeric}
                      className={cn("border-b whitespace-nowrap", column.className)}
                    >
                      {column.cell(row)}
                    </TableCell>
                  ))}
                </TableRow>
              );
            })}
          </TableBody>
        </table>
      </section>
      {footer}
    </>
  );
}
