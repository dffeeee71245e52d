import { CopyText } from "@/components/lib/copy-text";
import { CellMark } from "@/components/wizard/cell-mark";
import { type Matrix, proofMatrix } from "@/components/wizard/proof-model";
import type { RunProof } from "@/server/playbooks/schemas";

/** The heart of a run: targets by witnesses, each cell a time, a wait or a reason. Above fifty only what is not proved. */
export function ProofMatrix({ proof, now }: { proof: RunProof; now: number }) {
  const matrix = proofMatrix(proof, now);
  if (matrix.folded && matrix.rows.length === 0) {
    return <p className="px-4 py-3">All {proof.total.toLocaleString("en-GB")} sessions are proved by every witness.</p>;
  }
  return (
    <>
      {matrix.folded ? (
        <p className="px-4 pt-3 text-muted-foreground">
          {proof.total.toLocaleString("en-GB")} sessions, too many to list: {proof.proved.toLocaleString("en-GB")} are
          proved. These are {matrix.rows.length} of the {(proof.total - proof.proved).toLocaleString("en-GB")} that are
          not.
        </p>
      ) : null}
      <MatrixTable matrix={matrix} />
    </>
  );
}

/** Who has no pointer scrolls the matrix with the arrow keys, so its box can take the focus. */
const scrollable = { tabIndex: 0 };

function MatrixTable({ matrix }: { matrix: Matrix }) {
  return (
    <section aria-label="Proof matrix" className="relative max-h-[36rem] overflow-auto" {...scrollable}>
      <table className="w-full border-separate border-spacing-0 text-sm">
        <thead className="sticky top-0 z-20 bg-card text-xs text-muted-foreground">
          <tr>
            <th
              scope="col"
              className="sticky left-0 z-10 border-b bg-card px-4 py-1.5 text-left align-bottom font-medium"
            >
              Session
            </th>
            {matrix.columns.map((column) => (
              <th
                key={column.id}
                scope="col"
                className="max-w-48 min-w-24 border-b bg-card px-3 py-1.5 text-left align-bottom font-medium"
              >
                <span className="text-foreground">{column.label}</span>
                {column.note === null ? null : <span className="block font-normal">{column.note}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.rows.map(({ target, cells }) => (
            <tr key={target.sid}>
              <th
                scope="row"
                className="sticky left-0 z-10 border-b bg-card px-4 py-1.5 text-left align-top font-normal whitespace-nowrap"
              >
                <CopyText text={target.sid} what="session" />
                {target.sweep > 1 ? (
                  <span className="ml-2 text-xs text-muted-foreground">sweep {target.sweep}</span>
                ) : null}
                {target.missing === null || cells.some(({ tone }) => tone === "wait" || tone === "bad") ? null : (
                  <span className="block max-w-64 text-xs whitespace-normal text-muted-foreground">
                    {target.missing}
                  </span>
                )}
              </th>
              {matrix.columns.map((column, index) => {
                const cell = cells[index];
                return (
                  <td key={column.id} className="border-b px-3 py-1.5 align-top whitespace-nowrap">
                    {cell === undefined ? null : <CellMark cell={cell} />}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
