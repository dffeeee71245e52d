import { uuidTime } from "@/server/platform/uuid-time";

/** A row as it was seen at an earlier time, as far as its partition goes. */
type Seen = {
  readonly id: string;
  readonly occurredAt?: number; // epoch ms; none: told by its id
  readonly inDefault?: boolean; // in the default partition, which retention never takes
  readonly at?: number; // when it was seen, epoch ms
};

/** An event that comes later than this after its month ended is not looked for among those that went with the month. */
const lateMs = 7 * 86_400_000;
/** An event's id and its time are made a few milliseconds apart, maybe on either side of a month's end. */
const skewMs = 60_000;

/**
 * Which partitions of audit_events are there still. Retention takes whole ones, the oldest first, and never the default one (trap 10): `from`
 * is where the oldest that is left begins, epoch ms; none: nothing is known of partitions.
 */
export class PartitionsKept {
  private left = false; // since the walk began

  constructor(public from: number | undefined) {}

  /** Where the oldest one begins now: retention may come while rows are read. */
  now(from: number | undefined): void {
    if (this.from !== undefined && from !== undefined && from > this.from) this.left = true;
    this.from = from;
  }

  /** Whether what occurred then went with its partition. */
  tookTime(occurredAt: number | undefined): boolean {
    return occurredAt !== undefined && this.from !== undefined && occurredAt < this.from;
  }

  /** Whether the partition of a row is there still, by when it occurred, else by when its id was made; null: it cannot be told. */
  holds({ id, occurredAt, inDefault, at = Number.POSITIVE_INFINITY }: Seen): boolean | null {
    if (inDefault === true) return true;
    if (this.from === undefined) return null;
    if (occurredAt !== undefined) return occurredAt >= this.from;
    const made = uuidTime(id);
    if (made !== null) return made >= this.from + skewMs;
    return at < this.from ? false : null; // it was seen after it occurred
  }

  /** Whether a row that this walk has read has gone with its partition since. */
  tookSinceRead(row: Pick<Seen, "id" | "occurredAt">): boolean {
    return this.left && this.holds(row) === false;
  }

  /** Whether rows ingested then may stand among late ones of a month that went. */
  mayFollowLate(ingestedAt: string | null): boolean {
    return ingestedAt !== null && this.from !== undefined && Date.parse(ingestedAt) < this.from + lateMs;
  }
}
