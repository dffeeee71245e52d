import { parameterRows } from "@/components/approvals/parameter-rows";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import type { Json } from "@/server/approvals/approved-action";

/** Exact parameters as a table: every value that will be used, none summed up. */
export function ParameterTable({ parameters, label = "Parameters" }: { parameters: Json; label?: string }) {
  return (
    <Table label={label}>
      <TableHead>
        <tr>
          <TableHeader>Parameter</TableHeader>
          <TableHeader>Value</TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {parameterRows(parameters).map((row) => (
          <TableRow key={row.path}>
            <TableCell className="font-mono text-xs wrap-anywhere">{row.path === "" ? "all" : row.path}</TableCell>
            <TableCell className={row.kind === "text" ? "font-mono text-xs wrap-anywhere" : "text-muted-foreground"}>
              {row.kind === "text" && row.value.trim() === "" ? `“${row.value}” (blank text)` : row.value}
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}
