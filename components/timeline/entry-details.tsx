import { detailRows } from "@/components/timeline/detail-rows";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import type { EntryDetails } from "@/server/timeline/schemas";

/** Parameters, before and after of an entry, name by name. Columns that nobody filled are left out. */
export function EntryDetailTable({ seq, details }: { seq: number; details: EntryDetails }) {
  const rows = detailRows(details);
  if (rows.length === 0) return null;
  const changes = rows.some((row) => row.before !== null || row.after !== null);
  const given = rows.some((row) => row.parameter !== null);
  const cell = "max-w-80 break-words";
  return (
    <Table label={`Details of entry ${seq}`} className="w-auto text-xs">
      <TableHead>
        <tr>
          <TableHeader>Name</TableHeader>
          {given ? <TableHeader>Given</TableHeader> : null}
          {changes ? <TableHeader>Before</TableHeader> : null}
          {changes ? <TableHeader>After</TableHeader> : null}
        </tr>
      </TableHead>
      <TableBody>
        {rows.map((row) => (
          <TableRow key={row.name}>
            <TableCell className={cell}>{row.name}</TableCell>
            {given ? <TableCell className={cell}>{row.parameter ?? ""}</TableCell> : null}
            {changes ? <TableCell className={cell}>{row.before ?? ""}</TableCell> : null}
            {changes ? <TableCell className={cell}>{row.after ?? ""}</TableCell> : null}
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}
