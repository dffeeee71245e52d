import type { Witness } from "@/server/audit/verify/judge-row";

/** Which row it was, and who tells. */
export type KnownRow = { readonly id: string; readonly witness: Witness };
type DeletedRow = { readonly seq: number; readonly id: string | null; readonly witnesses: readonly Witness[] };

/** Gaps above this are reported by their ends: nobody reads a million lines that say the same. */
export const mostOfGap = 100_000;

/** Rows that are missing from one seq to another, one by one: all, or of very many the ends and those that are known. */
export function deletedRows(
  from: number,
  to: number,
  told: Witness,
  known: ReadonlyMap<number, KnownRow>,
): { readonly rows: readonly DeletedRow[]; readonly unnamed: number } {
  const count = to - from + 1;
  const inside = [...known.keys()].filter((seq) => seq >= from && seq <= to);
  const seqs = new Set(
    count <= mostOfGap ? Array.from({ length: count }, (_, at) => from + at) : [from, ...inside, to],
  );
  const rows = [...seqs].map((seq): DeletedRow => {
    const one = known.get(seq);
    return { seq, id: one?.id ?? null, witnesses: [...new Set([told, one?.witness ?? told])] };
  });
  return { rows, unnamed: count - rows.length };
}
