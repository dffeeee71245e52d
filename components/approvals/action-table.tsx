import { agreementWords } from "@/components/approvals/action-of";
import { Panel } from "@/components/lib/panel";
import { SeverityMark } from "@/components/lib/severity-mark";
import { YesNo } from "@/components/lib/yes-no";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { actionNames, policyOf } from "@/server/auth/action-policy";

/** The action policy as it is enforced. */
export function ActionTable() {
  return (
    <Panel title="Action policy" note={`${actionNames.length} actions; anything else is refused`}>
      <Table label="Actions as enforced">
        <TableHead>
          <tr>
            <TableHeader>Action</TableHeader>
            <TableHeader>Severity</TableHeader>
            <TableHeader>Effect</TableHeader>
            <TableHeader>Undo</TableHeader>
            <TableHeader>Who may do or ask</TableHeader>
            <TableHeader>Who must agree</TableHeader>
            <TableHeader>Offered</TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {actionNames.map((name) => {
            const policy = policyOf(name);
            return (
              <TableRow key={name}>
                <TableCell className="min-w-44">
                  {policy.label}
                  <span className="block font-mono text-xs text-muted-foreground">{name}</span>
                </TableCell>
                <TableCell>
                  <SeverityMark severity={policy.severity} />
                </TableCell>
                <TableCell className="min-w-48">{policy.effect}</TableCell>
                <TableCell className="min-w-40">{policy.undo}</TableCell>
                <TableCell>{policy.roles.join(", ")}</TableCell>
                <TableCell className="min-w-56">{agreementWords(policy)}</TableCell>
                <TableCell className="whitespace-nowrap">
                  <span className={policy.available ? "text-ok" : "text-muted-foreground"}>
                    <YesNo yes={policy.available} />
                    {policy.available ? "yes" : "not yet"}
                  </span>
                </TableCell>
              </TableRow>
            );
          })}
        </TableBody>
      </Table>
    </Panel>
  );
}
