import { Panel } from "@/components/lib/panel";
import { NumberCell } from "@/components/lib/number-cell";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import type { Blast } from "@/server/approvals/approved-action";

/** How far the act reaches: one sentence, then each figure with where it was read. */
export function BlastPanel({ blast, note }: { blast: Blast; note?: string }) {
  return (
    <Panel title="Blast radius" note={note}>
      <p className="px-3 py-2 font-medium">{blast.sentence}</p>
      {blast.figures.length === 0 ? null : (
        <Table label="Figures of the blast radius" className="border-t">
          <TableHead>
            <tr>
              <TableHeader>Figure</TableHeader>
              <TableHeader numeric>Value</TableHeader>
              <TableHeader>Read from</TableHeader>
            </tr>
          </TableHead>
          <TableBody>
            {blast.figures.map((figure) => (
              <TableRow key={`${figure.name} ${figure.source}`}>
                <TableCell>{figure.name}</TableCell>
                <TableCell numeric>
                  {typeof figure.value === "number" ? (
                    <NumberCell value={figure.value} unit={figure.unit} />
                  ) : (
                    `${figure.value}${figure.unit === undefined ? "" : ` ${figure.unit}`}`
                  )}
                </TableCell>
                <TableCell className="text-muted-foreground">{figure.source}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
    </Panel>
  );
}
