import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeShelf } from "@/server/audit/verify/copy-shelf";
import { ExternalSort, groupedByKey, type Keyed } from "@/server/audit/verify/external-sort";
import { dataSignature } from "@/server/audit/verify/seals";
import { readStreamCopy, type SignedCopy } from "@/server/audit/verify/stream-copy";
import { deadIds, type StreamEntry } from "@/server/audit/verify/stream-entry";

/** An event where it stands in the stream. `dead`: a dead letter speaks of it. */
export type Placed = {
  readonly zone: string;
  readonly zones: readonly string[]; // in which an event of this id was signed, this one among them
  readonly id: string;
  readonly dead: boolean;
  readonly settled: boolean; // the ingestor has it behind it
  readonly occurredAt: string;
  readonly entry: string; // of the stream
};

type Heard = {
  readonly copy: SignedCopy;
  readonly place: number;
  readonly zone: string;
  readonly settled: boolean;
  readonly at: string;
  readonly entry: string;
};
type Said = Heard | { readonly dead: true };

const part = "\u0000"; // no id and no zone holds it: Postgres refuses it in text
const padded = (value: number) => String(value).padStart(16, "0");

/**
 * What the stream and the dead letters say, taken in page by page and put on disk: the signed copies by event id, and the events of each
 * zone in the order of the stream. Memory does not grow with the stream.
 */
export class Listening {
  private readonly byEvent = new ExternalSort();
  private readonly byPlace = new ExternalSort();
  private reading: Generator<Keyed> | null = null;
  private place = 0;

  /** Gives how many of the entries the key signed; only those are heard. */
  hear({
    entries,
    key: bytes,
    settled,
  }: {
    readonly entries: readonly StreamEntry[];
    readonly settled: readonly boolean[]; // of each, whether the ingestor has it behind it
    readonly key: Uint8Array;
  }): { readonly right: number } {
    const key = Buffer.from(bytes);
    let right = 0;
    for (const [at, { id: entry, fields }] of entries.entries()) {
      this.place += 1;
      const { data, sig } = fields;
      if (data === undefined || sig === undefined || dataSignature(key, data) !== sig) continue;
      right += 1;
      const read = readStreamCopy(data, sig);
      if (read === null) continue; // no event: it is in the dead letters
      const { id, zone_id: zone, occurred_at: occurredAt } = read.columns;
      this.byEvent.add(
        id,
        JSON.stringify({
          copy: { data, sig },
          place: this.place,
          zone,
          settled: settled[at] ?? false,
          at: occurredAt,
          entry,
        } satisfies Said),
      );
    }
    return { right };
  }

  hearDead({ entries }: { readonly entries: readonly StreamEntry[] }): void {
    for (const entry of entries)
      for (const id of deadIds(entry)) this.byEvent.add(id, JSON.stringify({ dead: true } satisfies Said));
  }

  /** Puts the copies where pages of rows find them. Gives the shelf; its folder is the caller's to remove. */
  shelve(): { readonly folder: string; readonly shelf: string } {
    const folder = mkdtempSync(join(tmpdir(), "audit-copies-"));
    try {
      const shelf = join(folder, "copies");
      writeShelf(shelf, this.lines());
      return { folder, shelf };
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    } finally {
      this.byEvent.discard();
    }
  }

  /** The copies by event; on the way each event is noted where it first stood in the stream, in each zone: ids are unique in one only. */
  private *lines(): Generator<{ readonly id: string; readonly copies: readonly SignedCopy[] }> {
    for (const { id, said } of groupedByKey<Said>(this.byEvent)) {
      const heard = said.flatMap((one) => ("copy" in one ? [one] : [])).sort((a, b) => a.place - b.place);
      if (heard.length === 0) continue;
      const dead = said.some((one) => "dead" in one);
      const zones = [...new Set(heard.map(({ zone }) => zone))];
      for (const zone of zones) {
        const first = heard.find((one) => one.zone === zone);
        if (first === undefined) continue;
        const { settled, at: occurredAt, entry, place } = first;
        const placed: Placed = { zone, zones, id, dead, settled, occurredAt, entry };
        this.byPlace.add(`${zone}${part}${padded(place)}`, JSON.stringify(placed));
      }
      yield { id, copies: heard.map(({ copy }) => copy) };
    }
  }

  /** The next events, zone by zone in the order of the stream; none: that was all. Ask when everything is shelved. */
  places({ limit }: { readonly limit: number }): readonly Placed[] {
    this.reading ??= this.byPlace.drain();
    const page: Placed[] = [];
    while (page.length < limit) {
      const { value, done } = this.reading.next();
      if (done === true) {
        this.byPlace.discard();
        break;
      }
      page.push(JSON.parse(value.text) as Placed);
    }
    return page;
  }
}
