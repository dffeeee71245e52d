import type { Place } from "@/server/audit/verify/finding";
import type { RowVerdict } from "@/server/audit/verify/judge-row";

const mostWaiting = 10_000;

export type SavedContradictions = {
  readonly contradictions: readonly Place[];
  readonly signaturesRight: number;
  readonly foreignSignatures: boolean;
};

/**
 * Rebuilt events that contradict their signatures. That tells a rewrite once others of the zone agree with theirs; where none does, some
 * other producer signs otherwise than STS, and nothing is told.
 */
export class Contradictions {
  private waiting: Place[] = [];
  private right = 0;
  private foreign = false;

  /** Takes in what the next row's signature says. Gives the rows of which it is known now that they were rewritten. */
  hear(place: Place, signature: RowVerdict["signature"]): readonly Place[] {
    if (signature === "right") this.right += 1;
    else if (signature === "contradicts" && place.clean && !this.foreign) this.waiting.push(place);
    else return [];
    const told = this.right > 0 && !this.foreign ? this.waiting.splice(0) : [];
    if (this.waiting.length > mostWaiting) this.foreign = true;
    return told;
  }

  save(): SavedContradictions {
    return { contradictions: this.waiting, signaturesRight: this.right, foreignSignatures: this.foreign };
  }

  /** Goes on where they were saved. `known`: a row as it stands in the walk's window. */
  resume(saved: SavedContradictions, known: (place: Place) => Place): void {
    this.waiting = saved.contradictions.map(known);
    this.right = saved.signaturesRight;
    this.foreign = saved.foreignSignatures;
  }
}
