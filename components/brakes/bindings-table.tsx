import { CopyText } from "@/components/lib/copy-text";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";

export type Binding = { readonly policySetId: string; readonly version: string | null };

/** The zone's policy bindings as they were before the freeze: what a thaw puts back, to the letter. */
export function BindingsTable({ bindings, frozen }: { bindings: readonly Binding[]; frozen: boolean }) {
  if (bindings.length === 0)
    return (
      <p className="px-3 py-3 text-muted-foreground">The zone had no policy bindings: nothing minted in it anyway.</p>
    );
  return (
    <Table label="Policy bindings before the freeze">
      <TableHead>
        <tr>
          <TableHeader>Policy set</TableHeader>
          <TableHeader>Version before</TableHeader>
          <TableHeader>Version now</TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {bindings.map((binding) => (
          <TableRow key={binding.policySetId}>
            <TableCell>
              <CopyText text={binding.policySetId} what="policy set" />
            </TableCell>
            <TableCell>
              {binding.version === null ? (
                <span className="text-muted-foreground">none already</span>
              ) : (
                <CopyText text={binding.version} what="version" />
              )}
            </TableCell>
            <TableCell className="text-muted-foreground">
              {frozen ? "none" : "as before, unless it was changed since"}
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}
