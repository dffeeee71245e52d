import { cn } from "@/components/lib/cn";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { shareOf } from "@/components/keys/key-job-words";
import type { SealCountsByKind } from "@/server/keys/schemas";

const kinds: readonly { readonly kind: keyof SealCountsByKind; readonly label: string }[] = [
  { kind: "secrets", label: "Secrets, signing keys among them" },
  { kind: "provider-configs", label: "Provider configurations" },
  { kind: "grant-access-tokens", label: "Grants' access tokens" },
  { kind: "grant-refresh-tokens", label: "Grants' refresh tokens" },
];

const number = (value: number) => value.toLocaleString("en-GB");

/** The four kinds of sealed values by the key that opens them: filled under the next key, hatched under none, empty under the current. */
export function SealBars({ counts, from, to }: { counts: SealCountsByKind; from: string; to: string }) {
  return (
    <Table label="Sealed values by the key that opens them">
      <TableHead>
        <tr>
          <TableHeader>Sealed values</TableHeader>
          <TableHeader className="w-1/3 max-sm:hidden">Under {to}</TableHeader>
          <TableHeader className="text-right">{from}</TableHeader>
          <TableHeader className="text-right">{to}</TableHeader>
          <TableHeader className="text-right">No key here</TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {kinds.map(({ kind, label }) => {
          const { current, next, neither } = counts[kind];
          const total = current + next + neither;
          return (
            <TableRow key={kind}>
              <TableCell>{label}</TableCell>
              <TableCell className="max-sm:hidden">
                <div aria-hidden="true" className="flex h-2 overflow-hidden rounded-sm border">
                  <span className="bg-accent" style={{ width: shareOf(next, total) }} />
                  <span className="bg-foreground/60" style={{ width: shareOf(neither, total) }} />
                </div>
              </TableCell>
              <TableCell className="text-right tabular-nums">{number(current)}</TableCell>
              <TableCell className="text-right tabular-nums">{number(next)}</TableCell>
              <TableCell className={cn("text-right tabular-nums", neither > 0 && "font-semibold")}>
                {number(neither)}
              </TableCell>
            </TableRow>
          );
        })}
      </TableBody>
    </Table>
  );
}
