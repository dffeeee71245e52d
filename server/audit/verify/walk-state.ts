import type { SavedContradictions } from "@/server/audit/verify/contradictions";
import type { Absent, Anchor, Place } from "@/server/audit/verify/finding";
import type { Beginning } from "@/server/audit/verify/late-beginning";

/** What is known beside the rows, and which of them are walked. */
export type WalkScope = {
  readonly absent?: readonly Absent[];
  readonly anchors?: readonly Anchor[];
  readonly beginnings?: readonly Beginning[];
  readonly from?: number; // the first seq that is looked at; none: the chain's beginning
  readonly until?: number; // the last one; none: the chain's end
  readonly keptFrom?: number; // where the oldest partition begins, epoch ms: what is older went with retention
};

export type Spot = { readonly seq: number; readonly id: string };

/** A walk that can be gone on with: where it is, and what it still has in mind of the rows behind it. */
export type WalkState = SavedContradictions & {
  readonly previous: Place | null; // read on from the seq after it
  readonly windowFrom: number | null; // links from here to `previous` must be read again
  readonly marks: readonly (Spot & { readonly stands: boolean; readonly clean: boolean })[]; // those of the window that are not both
  readonly beside: readonly Spot[]; // rows of the window that were put beside others
  readonly broken: readonly Spot[];
  readonly passed: readonly Absent[];
  readonly retained: boolean;
  readonly keptFrom?: number;
};
/** A row of the window, read again. */
export type Link = Pick<Place, "seq" | "id" | "content" | "prev">;

export const sameSpot = (a: Spot) => (b: Spot) => a.seq === b.seq && a.id === b.id;
export const spotOf = ({ seq, id }: Spot): Spot => ({ seq, id });
