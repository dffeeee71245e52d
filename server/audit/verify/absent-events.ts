import type { Absent } from "@/server/audit/verify/finding";

type Missing = Pick<Absent, "id" | "occurredAt" | "entry">;

/**
 * Events of one zone that only the stream has, with the seq that they had: stream order is chain order, so it is counted on from the event
 * before (or back from the first one after). Those behind the zone's last row are its cut tail.
 */
export class AbsentEvents {
  readonly found: Absent[] = [];
  private last: number | null = null;
  private highest: number;
  private open: Missing[] = [];

  /** `base`: the seq that the stream is known to follow on, when not even one event of it is a row. */
  constructor(private readonly base = 0) {
    this.highest = base;
  }

  /** The next event of the stream is a row; null: one without a seq, which says nothing of the others. */
  present(seq: number | null): void {
    if (seq === null) return;
    this.close(false, seq);
    this.last = seq;
    this.highest = Math.max(this.highest, seq);
  }

  /** The next event of the stream is neither a row nor a dead letter. */
  missing(event: Missing): void {
    this.open.push(event);
  }

  /** After the last one. */
  end(): void {
    this.close(true, null);
  }

  private close(tail: boolean, before: number | null): void {
    if (this.open.length === 0) return;
    const from = this.last !== null ? this.last + 1 : (before ?? this.base + this.open.length + 1) - this.open.length;
    for (const [at, event] of this.open.entries())
      this.found.push({ ...event, seq: from + at, tail: tail && from + at > this.highest });
    if (this.last !== null || tail) this.last = from + this.open.length - 1;
    this.open = [];
  }
}
