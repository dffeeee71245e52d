import { Check, Minus } from "lucide-react";
import { Panel } from "@/components/lib/panel";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { procedurePolicy } from "@/server/auth/policy";
import { type Role, roles } from "@/server/auth/roles";
import { procedureWords } from "./procedure-words";

/** The procedure by role table as the server enforces it: the same object, not a copy. */
export function PolicyTable({ held }: { held: readonly Role[] }) {
  return (
    <Panel title="Who may do what" note="As the server enforces it; whatever is not in this table is refused">
      <Table label="Procedures by role">
        <TableHead>
          <tr>
            <TableHeader>Procedure</TableHeader>
            {roles.map((role) => (
              <TableHeader key={role}>
                {role}
                {held.includes(role) ? <span className="font-normal"> (yours)</span> : null}
              </TableHeader>
            ))}
          </tr>
        </TableHead>
        <TableBody>
          {Object.entries(procedurePolicy).map(([path, allowed]) => (
            <TableRow key={path}>
              <TableCell className="whitespace-nowrap">
                {procedureWords[path] ?? path}
                <span className="block font-mono text-xs text-muted-foreground">{path}</span>
              </TableCell>
              {roles.map((role) => (
                <TableCell key={role}>
                  {allowed.includes(role) ? (
                    <Check aria-label="allowed" role="img" className="size-4 text-ok" />
                  ) : (
                    <Minus aria-label="refused" role="img" className="size-4 text-muted-foreground" />
                  )}
                </TableCell>
              ))}
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Panel>
  );
}
