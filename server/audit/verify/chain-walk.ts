import type { FindingKind, RowVerdict, Witness } from "@/server/audit/verify/judge-row";
import type { StoredRow } from "@/server/audit/verify/stored-row";

/** What was found, one for each affected row. `event_id` null: unknown; `chain_seq` null: the row has none. */
export type Finding = {
  readonly zone_id: string;
  readonly chain_seq: number | null;
  readonly event_id: string | null;
  readonly finding: FindingKind;
  readonly columns: readonly string[];
  readonly witnesses: readonly Witness[];
};

/** An event that the stream holds a signed copy of, and that neither the rows nor the dead letters have. */
export type Absent = { readonly seq: number; readonly id: string; readonly tail: boolean };

/** A row as it was seen at an earlier time and kept outside that database. */
export type Anchor = { readonly seq: number; readonly id: string; readonly content: string };

export type Totals = { rows: number; proved: number; tampered: number; removed: number; not_provable: number };
export const noTotals = (): Totals => ({ rows: 0, proved: 0, tampered: 0, removed: 0, not_provable: 0 });

const removedKinds: ReadonlySet<FindingKind> = new Set(["row_deleted", "tail_truncated"]);
const innocent: ReadonlySet<FindingKind> = new Set(["not_provable", "key_drift", "retention_gap"]);

type Place = {
  readonly seq: number;
  readonly id: string;
  readonly content: string;
  readonly prev: string | null;
  readonly stands: boolean; // its hash is the sealed one, so the next link may be held against it
  clean: boolean; // nothing was found on it so far
};

/** Rows that are kept in sight on either side of a broken link, to tell a moved row from a removed one. */
const inSight = 20_000;
/** Gaps above this are reported by their ends: nobody reads a million lines that say the same. */
const mostOfGap = 100_000;
const mostContradictions = 10_000;

/**
 * Walks one zone's rows in the order of chain_seq: links, gaps, doubles, order, and rows that only the stream still has. A broken link is
 * charged to the bad or missing row before it, not to its neighbour (contract section 4). Memory is bounded by `inSight`.
 */
export class ChainWalk {
  private readonly window: Place[] = [];
  private readonly broken: Place[] = [];
  private group: { readonly row: StoredRow; readonly verdict: RowVerdict }[] = [];
  private previous: Place | null = null;
  private readonly contradictions: Place[] = [];
  private signaturesRight = 0;
  private foreignSignatures = false;
  private readonly absent: readonly Absent[];
  private looked = 0; // of the absent, those before it were taken or passed
  private passed: Absent[] = [];
  private readonly anchors: ReadonlyMap<number, Anchor>;

  constructor(
    private readonly zoneId: string,
    absent: readonly Absent[],
    private readonly emit: (finding: Finding) => void,
    private readonly totals: Totals,
    anchors: readonly Anchor[] = [],
  ) {
    this.anchors = new Map(anchors.map((anchor) => [anchor.seq, anchor]));
    this.absent = [...absent].sort((a, b) => a.seq - b.seq);
  }

  private say(
    finding: FindingKind,
    seq: number | null,
    id: string | null,
    columns: readonly string[],
    witnesses: readonly Witness[],
  ): void {
    if (removedKinds.has(finding)) this.totals.removed += 1;
    else if (finding === "not_provable") this.totals.not_provable += 1;
    else if (!innocent.has(finding)) this.totals.tampered += 1;
    this.emit({ zone_id: this.zoneId, chain_seq: seq, event_id: id, finding, columns, witnesses });
  }

  private sayOf(place: Place, finding: FindingKind, witnesses: readonly Witness[]): void {
    if (!place.clean) return; // one finding for a row: the first that applies
    place.clean = false;
    this.totals.proved -= 1;
    this.say(finding, place.seq, place.id, [], witnesses);
  }

  /** The next row, in ascending chain_seq. */
  row(row: StoredRow, verdict: RowVerdict): void {
    this.totals.rows += 1;
    if (verdict.finding === null) this.totals.proved += 1;
    else this.say(verdict.finding, row.chain_seq, row.id, verdict.columns, verdict.witnesses);
    if (row.chain_seq === null) return; // not part of the chain
    if (this.group[0] !== undefined && this.group[0].row.chain_seq !== row.chain_seq) this.closeGroup(row);
    this.group.push({ row, verdict });
  }

  /** Of rows with one seq the one that the next row is linked to is the chain's; the others were put beside it. */
  private closeGroup(next: StoredRow | null): void {
    const [first, ...more] = this.group;
    if (first === undefined) return;
    this.group = [];
    const linkedTo = (one: typeof first) => next !== null && next.prev_content_sha256 === one.row.content_sha256;
    const linkedFrom = ({ row }: typeof first) => row.prev_content_sha256 === (this.previous?.content ?? null);
    const score = (one: typeof first) =>
      (linkedTo(one) ? 4 : 0) + (one.verdict.finding === null ? 2 : 0) + (linkedFrom(one) ? 1 : 0);
    const main = [first, ...more].reduce((best, one) => (score(one) > score(best) ? one : best));
    for (const one of [first, ...more]) {
      if (one === main) continue;
      const place = this.placeOf(one);
      this.sayOf(place, linkedFrom(one) ? "forked" : "duplicate_seq", ["chain"]);
    }
    this.step(this.placeOf(main), main.verdict);
  }

  private placeOf({ row, verdict }: { row: StoredRow; verdict: RowVerdict }): Place {
    return {
      seq: row.chain_seq ?? 0,
      id: row.id,
      content: row.content_sha256 ?? "",
      prev: row.prev_content_sha256 === "" ? null : row.prev_content_sha256,
      stands: verdict.hashStands,
      clean: verdict.finding === null,
    };
  }

  private step(place: Place, verdict: RowVerdict): void {
    const before = this.previous;
    const gap = before === null ? 0 : place.seq - before.seq - 1;
    if (before === null && place.seq > 1) this.beforeFirst(place);
    if (gap > 0 && before !== null) this.gap(before.seq + 1, place.seq - 1);
    const linked = before === null ? place.seq > 1 || place.prev === null : place.prev === before.content;
    if (!linked && gap === 0 && (before === null || before.stands)) this.broken.push(place);
    if (verdict.signature === "right") {
      this.signaturesRight += 1;
      this.tellContradictions();
    } else if (verdict.signature === "contradicts" && place.clean && !this.foreignSignatures) {
      this.contradictions.push(place);
      this.tellContradictions();
      if (this.contradictions.length > mostContradictions) this.foreignSignatures = true;
    }
    const anchor = this.anchors.get(place.seq);
    if (anchor !== undefined && anchor.content !== place.content)
      this.sayOf(place, "rewritten_with_key", ["row", "anchor"]);
    this.previous = place;
    this.window.push(place);
    if (this.window.length > 3 * inSight) this.resolve();
  }

  /** A rebuilt event that contradicts its signature tells a rewrite, once others of the zone agree with theirs. */
  private tellContradictions(): void {
    if (this.signaturesRight === 0 || this.foreignSignatures) return;
    for (const place of this.contradictions.splice(0)) this.sayOf(place, "rewritten_with_key", ["row", "signature"]);
  }

  /** The chain's beginning is gone. Retention takes whole partitions away, which is no tampering (trap 10). */
  private beforeFirst(place: Place): void {
    const known = this.takeAbsent(1, place.seq - 1);
    for (const { seq, id } of known) this.say("row_deleted", seq, id, [], ["stream"]);
    if (known.length < place.seq - 1) this.say("retention_gap", place.seq - 1, null, [], ["chain"]);
  }

  private gap(from: number, to: number): void {
    const ids = new Map(this.takeAbsent(from, to).map(({ seq, id }) => [seq, id]));
    const all = to - from + 1 <= mostOfGap;
    const told = all ? Array.from({ length: to - from + 1 }, (_, at) => from + at) : [from, to, ...ids.keys()];
    for (const seq of new Set(told)) {
      const id = ids.get(seq) ?? null;
      this.say("row_deleted", seq, id, [], id === null ? ["chain"] : ["chain", "stream"]);
    }
    if (!all) this.totals.removed += to - from + 1 - new Set(told).size;
  }

  /** Those of the absent that stood from one seq to another; the walk asks in ascending order, so each is looked at once. */
  private takeAbsent(from: number, to: number): Absent[] {
    const found: Absent[] = [];
    for (
      let one = this.absent[this.looked];
      one !== undefined && !one.tail && one.seq <= to;
      one = this.absent[this.looked]
    ) {
      (one.seq >= from ? found : this.passed).push(one);
      this.looked += 1;
    }
    return found;
  }

  /** The same where the walk has been already. */
  private takePassed(from: number, to: number): Absent[] {
    const inside = ({ seq }: Absent) => seq >= from && seq <= to;
    const found = [...this.passed.filter(inside), ...this.takeAbsent(from, to)];
    this.passed = this.passed.filter((one) => !inside(one));
    return found;
  }

  /**
   * Tells what broken links mean, while the rows around them are in sight: a row whose true predecessor stands elsewhere was moved; one
   * whose predecessor is nowhere lost it, and the numbers were closed up behind it.
   */
  private resolve(): void {
    const at = new Map(this.window.map((place, index) => [place, index]));
    const settled = this.broken.filter((place) => (at.get(place) ?? 0) < 2 * inSight);
    if (settled.length > 0) this.tellBroken(settled);
    this.broken.splice(0, settled.length); // they were found in order
    this.window.splice(0, inSight);
  }

  private tellBroken(broken: readonly Place[]): void {
    const at = new Map(this.window.map((place, index) => [place, index]));
    const byContent = new Map(this.window.map((place) => [place.content, place]));
    const starts = new Set(broken);
    // Each broken link begins a run of rows that hang together; a run's true place is behind its first row's true predecessor.
    const runStart = (place: Place): Place | null => {
      for (let index = at.get(place) ?? 0; index >= 0; index -= 1) {
        const one = this.window[index] as Place;
        if (starts.has(one)) return one;
      }
      return null;
    };
    const shifts = new Map<Place, number | null>(); // how far a run stands from its true place; null: its predecessor is gone
    const shiftOf = (start: Place, seen: ReadonlySet<Place>): number | null => {
      const known = shifts.get(start);
      if (known !== undefined) return known;
      const true_ = start.prev === null ? undefined : byContent.get(start.prev);
      if (true_ === undefined || seen.has(start)) return start.prev === null && start.seq !== 1 ? start.seq - 1 : null;
      const itsRun = runStart(true_);
      const itsShift = itsRun === null ? 0 : (shiftOf(itsRun, new Set([...seen, start])) ?? 0);
      const shift = start.seq - (true_.seq - itsShift + 1);
      shifts.set(start, shift);
      return shift;
    };
    for (const start of broken) {
      const shift = shiftOf(start, new Set());
      if (shift === null) {
        if (!start.clean) continue; // it is told already, and its link with it
        const known = this.takePassed(start.seq - 1, start.seq);
        if (known.length === 0) this.say("row_deleted", start.seq, null, [], ["chain"]);
        for (const { seq, id } of known) this.say("row_deleted", seq, id, [], ["chain", "stream"]);
      } else if (shift !== 0) {
        for (let index = at.get(start) ?? 0; index < this.window.length; index += 1) {
          const place = this.window[index] as Place;
          if (place !== start && starts.has(place)) break;
          this.sayOf(place, "reordered", ["chain"]);
        }
      }
    }
  }

  /** After the last row: what is still open, and what the stream or an anchor has beyond the end. */
  end(): void {
    this.closeGroup(null);
    if (this.broken.length > 0) this.tellBroken(this.broken);
    let last = this.previous?.seq ?? 0;
    for (const { seq, id, tail } of [...this.passed, ...this.absent.slice(this.looked)]) {
      if (!tail) {
        this.say("row_deleted", seq, id, [], ["stream"]);
        continue;
      }
      last += 1;
      this.say("tail_truncated", last, id, [], ["stream"]);
    }
    const anchored = Math.max(0, ...this.anchors.keys());
    if (anchored - last > mostOfGap) {
      this.totals.removed += anchored - last - 1;
      last = anchored - 1;
    }
    for (let seq = last + 1; seq <= anchored; seq += 1)
      this.say("tail_truncated", seq, this.anchors.get(seq)?.id ?? null, [], ["anchor"]);
  }
}
