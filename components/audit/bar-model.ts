import type { PieceState, ZoneBar } from "@/server/audit/checks/schemas";

export const pieceWords: Readonly<Record<PieceState, string>> = {
  proved: "proved",
  "not provable": "not provable",
  tampered: "tampered with",
  missing: "rows missing",
  retention: "gone with retention",
  "not yet checked": "not yet checked",
};

type Range = { readonly from: number; readonly to: number };

/** The seqs that a part of the bar stands for; parts below 0 and above 1 reach beyond what is shown. Null: all of the chain. */
export function zoomed(bar: Range & Pick<ZoneBar, "first" | "last">, part: Range): Range | null {
  const length = bar.to - bar.from + 1;
  const from = Math.max(bar.first, Math.floor(bar.from + part.from * length));
  const to = Math.min(bar.last, Math.max(from, Math.ceil(bar.from + part.to * length) - 1));
  return from === bar.first && to === bar.last ? null : { from, to };
}

/** What a bar shows, for who does not see it. */
export function barSentence({ from, to, pieces }: Pick<ZoneBar, "from" | "to" | "pieces">): string {
  const states = new Map<PieceState, number>();
  for (const { state, bad } of pieces) states.set(state, (states.get(state) ?? 0) + bad);
  const parts = [...states].map(([state, bad]) => (bad === 0 ? pieceWords[state] : `${pieceWords[state]} (${bad})`));
  return `Seq ${from} to ${to}: ${parts.join(", ") || "nothing"}`;
}
