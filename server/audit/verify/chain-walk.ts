import { AbsentInOrder } from "@/server/audit/verify/absent-in-order";
import { explainBroken } from "@/server/audit/verify/broken-links";
import { Contradictions } from "@/server/audit/verify/contradictions";
import { deletedRows, type KnownRow, mostOfGap } from "@/server/audit/verify/deleted-rows";
import { type Anchor, countFinding, type Finding, type Place, type Totals } from "@/server/audit/verify/finding";
import type { FindingKind, RowVerdict, Witness } from "@/server/audit/verify/judge-row";
import { judgeBeginning } from "@/server/audit/verify/late-beginning";
import { PartitionsKept } from "@/server/audit/verify/partitions-kept";
import { nanosecondsOf, type StoredRow } from "@/server/audit/verify/stored-row";
import {
  type Link,
  sameSpot,
  type Spot,
  spotOf,
  type WalkScope,
  type WalkState,
} from "@/server/audit/verify/walk-state";

/** Rows that are kept in sight on either side of a broken link, to tell a moved row from a removed one. */
const inSight = 20_000;
/** Epoch ms; undefined: it is not known. */
const millisecondsOf = (time: string | null): number | undefined => {
  const nanoseconds = time === null ? null : nanosecondsOf(time);
  return nanoseconds === null ? undefined : Number(nanoseconds / 1_000_000n);
};

/**
 * Walks one zone's rows in the order of chain_seq: links, gaps, doubles, order, and rows that only the stream still has. A broken link is
 * charged to the bad or missing row before it, not to its neighbour (contract section 4). Memory is bounded by `inSight`.
 */
export class ChainWalk {
  private window: Place[] = [];
  private beside: Spot[] = [];
  private broken: Place[] = [];
  private group: { readonly row: StoredRow; readonly verdict: RowVerdict }[] = [];
  private previous: Place | null = null;
  private previousTime: string | null = null; // when it occurred; null: it was read before this walk was gone on with
  private readonly contradictions = new Contradictions();
  private retained = false; // the chain begins late
  private readonly absent: AbsentInOrder;
  private readonly anchors: ReadonlyMap<number, Anchor>;
  private readonly partitions: PartitionsKept;

  constructor(
    private readonly zoneId: string,
    private readonly emit: (finding: Finding) => void,
    private readonly totals: Totals,
    private readonly scope: WalkScope = {},
  ) {
    const { anchors = [], absent = [], from = 0, until = Number.POSITIVE_INFINITY } = scope;
    const inScope = ({ seq }: { readonly seq: number }) => seq >= from && seq <= until;
    this.anchors = new Map(anchors.filter(inScope).map((anchor) => [anchor.seq, anchor]));
    this.absent = new AbsentInOrder(absent.filter(inScope));
    this.partitions = new PartitionsKept(scope.keptFrom);
  }

  /** Where the oldest partition begins now, epoch ms. Say it again before rows of a page are given between which some are missing. */
  keptFrom(from: number | undefined): void {
    this.partitions.now(from);
  }

  /** What to keep in order to go on later. Rows of the seq that is not closed yet are to be given again. */
  save(): WalkState {
    return {
      previous: this.previous,
      windowFrom: this.window[0]?.seq ?? null,
      marks: this.window
        .filter(({ stands, clean }) => !stands || !clean)
        .map((place) => ({ ...spotOf(place), stands: place.stands, clean: place.clean })),
      beside: this.beside,
      broken: this.broken.map(spotOf),
      ...this.contradictions.save(),
      passed: this.absent.passed,
      retained: this.retained,
      keptFrom: this.partitions.from,
    };
  }

  /** Goes on where another walk was saved. `links`: the rows from `windowFrom` to `previous`, in the order of the chain. */
  resume(state: WalkState, links: readonly Link[]): void {
    const marks = new Map(state.marks.map((mark) => [`${mark.seq} ${mark.id}`, mark]));
    const beside = new Set(state.beside.map(({ seq, id }) => `${seq} ${id}`));
    this.window = links
      .filter(({ seq, id }) => !beside.has(`${seq} ${id}`))
      .map((link) => ({ stands: true, clean: true, ...link, ...marks.get(`${link.seq} ${link.id}`) }));
    const known = (spot: Spot) => this.window.find(sameSpot(spot)) ?? [];
    this.previous = state.previous === null ? null : (this.window.find(sameSpot(state.previous)) ?? state.previous);
    this.beside = [...state.beside];
    this.broken = state.broken.flatMap(known);
    this.contradictions.resume(state, (place) => this.window.find(sameSpot(place)) ?? place);
    this.absent.resume(state.passed, state.previous?.seq ?? 0);
    this.retained = state.retained;
    const { from } = this.partitions;
    this.partitions.now(state.keptFrom ?? from);
    this.partitions.now(from);
  }

  private say(
    finding: FindingKind,
    seq: number | null,
    id: string | null,
    columns: readonly string[],
    witnesses: readonly Witness[],
  ): void {
    countFinding(this.totals, finding);
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
    if (this.group[0] !== undefined && this.group[0].row.chain_seq !== row.chain_seq) this.closeGroup(row);
    if (row.chain_seq === null)
      this.count(row, verdict); // not part of the chain
    else this.group.push({ row, verdict });
  }

  private count(row: StoredRow, verdict: RowVerdict): void {
    this.totals.rows += 1;
    if (verdict.finding === null) this.totals.proved += 1;
    else this.say(verdict.finding, row.chain_seq, row.id, verdict.columns, verdict.witnesses);
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
    for (const one of [first, ...more]) this.count(one.row, one.verdict);
    for (const one of [first, ...more]) {
      if (one === main) continue;
      const place = this.placeOf(one);
      this.beside.push(spotOf(place));
      this.sayOf(place, linkedFrom(one) ? "forked" : "duplicate_seq", ["chain"]);
    }
    this.step(this.placeOf(main), main.verdict, main.row.ingested_at);
    this.previousTime = main.row.occurred_at;
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

  private step(place: Place, verdict: RowVerdict, ingestedAt: string | null): void {
    const before = this.previous;
    const { from } = this.scope;
    const gap = before === null ? 0 : place.seq - before.seq - 1;
    if (before === null) {
      if (from === undefined && place.seq > 1) this.beforeFirst(place, ingestedAt);
      if (from !== undefined && place.seq > from) this.gap(null, from, place.seq - 1, ingestedAt);
    } else if (gap > 0) this.gap(before, before.seq + 1, place.seq - 1, ingestedAt);
    const linked =
      before === null ? from !== undefined || place.seq > 1 || place.prev === null : place.prev === before.content;
    if (!linked && gap === 0 && (before === null || before.stands)) this.broken.push(place);
    for (const one of this.contradictions.hear(place, verdict.signature))
      this.sayOf(one, "rewritten_with_key", ["row", "signature"]);
    const anchor = this.anchors.get(place.seq);
    if (anchor !== undefined && anchor.content !== place.content)
      this.sayOf(place, "rewritten_with_key", ["row", "anchor"]);
    this.previous = place;
    this.window.push(place);
    if (this.window.length > 3 * inSight) this.resolve();
  }

  /** The chain's beginning is gone. Retention takes whole partitions away, which is no tampering (trap 10). */
  private beforeFirst({ seq }: Place, ingestedAt: string | null): void {
    const { beginnings = [] } = this.scope;
    const { deletedFrom, deleted, gaps } = judgeBeginning(
      { seq, ingestedAt },
      beginnings,
      this.anchors.values(),
      this.partitions,
    );
    const absent = this.absent.take(1, seq - 1);
    const streamed = absent.filter((one) => !this.partitions.tookTime(one.occurredAt));
    const known = new Map<number, KnownRow>();
    for (const one of [...deleted, ...streamed.map((one) => ({ ...one, witness: "stream" as const }))])
      known.set(one.seq, one);
    const end = deletedFrom ?? seq;
    for (const [at, { id, witness }] of [...known].filter(([at]) => at < end))
      this.say("row_deleted", at, id, [], [witness]);
    if (deletedFrom !== null) this.sayDeleted(deletedFrom, seq - 1, "beginning", known);
    if (streamed.length === seq - 1) return;
    this.retained = gaps.length > 0;
    const allStreamed = absent.length === seq - 1;
    for (const gap of gaps) this.say("retention_gap", gap.seq, null, [], [allStreamed ? "stream" : gap.witness]);
  }

  private sayDeleted(from: number, to: number, told: Witness, known: ReadonlyMap<number, KnownRow>): void {
    const { rows, unnamed } = deletedRows(from, to, told, known);
    for (const { seq, id, witnesses } of rows) this.say("row_deleted", seq, id, [], witnesses);
    this.totals.removed += unnamed;
  }

  /**
   * Rows are missing. Partitions follow the time of the event and the chain that of its ingestion, so that what came late went with its
   * month and left a hole among rows that are still kept: no tampering either, as long as it is near the oldest month's beginning.
   */
  private gap(before: Place | null, from: number, to: number, ingestedAt: string | null): void {
    const absent = this.absent.take(from, to);
    const gone = absent.filter((one) => this.partitions.tookTime(one.occurredAt));
    const known = new Map(
      absent
        .filter((one) => !gone.includes(one))
        .map(({ seq, id }): [number, KnownRow] => [seq, { id, witness: "stream" }]),
    );
    const taken =
      before !== null &&
      this.partitions.tookSinceRead({ id: before.id, occurredAt: millisecondsOf(this.previousTime) });
    if (taken) this.retained = true;
    const late = taken || (this.retained && this.partitions.mayFollowLate(ingestedAt));
    if (!late && gone.length < to - from + 1) {
      this.sayDeleted(from, to, "chain", known);
      return;
    }
    for (const anchor of this.anchors.values())
      if (anchor.seq >= from && anchor.seq <= to && this.partitions.holds(anchor) === true && !known.has(anchor.seq))
        known.set(anchor.seq, { id: anchor.id, witness: "anchor" });
    for (const [seq, { id, witness }] of known) this.say("row_deleted", seq, id, [], ["chain", witness]);
    if (known.size === to - from + 1) return;
    this.say(
      "retention_gap",
      to,
      null,
      [],
      gone.length + known.size === to - from + 1 ? ["chain", "stream"] : ["chain"],
    );
  }

  /** Tells what broken links mean, while the rows around them are in sight. */
  private resolve(): void {
    const at = new Map(this.window.map((place, index) => [place, index]));
    const settled = this.broken.filter((place) => (at.get(place) ?? 0) < 2 * inSight);
    if (settled.length > 0) this.tellBroken(settled);
    this.broken.splice(0, settled.length); // they were found in order
    const gone = this.window.splice(0, inSight).at(-1)?.seq ?? 0;
    this.beside = this.beside.filter(({ seq }) => seq > gone);
  }

  private tellBroken(broken: readonly Place[]): void {
    for (const { kind, place } of explainBroken(this.window, broken)) {
      if (kind === "moved") this.sayOf(place, "reordered", ["chain"]);
      else if (place.clean) this.lostBefore(place); // else it is told already, and its link with it
    }
  }

  private lostBefore({ seq: at }: Place): void {
    const known = this.absent.takePassed(at - 1, at);
    if (known.length === 0) this.say("row_deleted", at, null, [], ["chain"]);
    for (const { seq, id } of known) this.say("row_deleted", seq, id, [], ["chain", "stream"]);
  }

  /** After the last row: what is still open, and what the stream or an anchor has beyond the end. */
  end(): void {
    this.closeGroup(null);
    if (this.broken.length > 0) this.tellBroken(this.broken);
    let last = this.previous?.seq ?? (this.scope.from ?? 1) - 1;
    for (const one of this.absent.rest()) {
      if (this.partitions.tookTime(one.occurredAt)) this.say("retention_gap", one.seq, one.id, [], ["stream"]);
      else if (!one.tail) this.say("row_deleted", one.seq, one.id, [], ["stream"]);
      else {
        last += 1;
        this.say("tail_truncated", last, one.id, [], ["stream"]);
      }
    }
    const beyond = [...this.anchors.values()].filter((one) => this.partitions.holds(one) !== false);
    const anchored = beyond.reduce((most, { seq }) => Math.max(most, seq), 0);
    if (anchored - last > mostOfGap) {
      this.totals.removed += anchored - last - 1;
      last = anchored - 1;
    }
    for (let seq = last + 1; seq <= anchored; seq += 1)
      this.say("tail_truncated", seq, this.anchors.get(seq)?.id ?? null, [], ["anchor"]);
  }
}
