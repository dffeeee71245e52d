import { rm } from "node:fs/promises";
import type { Beat, CheckContext } from "@/server/audit/checks/check-rows";
import { rowsAtOnce, reading } from "@/server/audit/checks/reading";
import type { Placed } from "@/server/audit/threads/listening";
import { Thread } from "@/server/audit/threads/thread";
import { AbsentEvents } from "@/server/audit/verify/absent-events";
import { CopyShelf } from "@/server/audit/verify/copy-shelf";
import type { Absent } from "@/server/audit/verify/finding";
import { readStreamCopy } from "@/server/audit/verify/stream-copy";
import {
  auditStream,
  deadAuditStream,
  isSettled,
  pagesOfStream,
  placesOfEvents,
  type Settled,
} from "@/server/caracal/audit-chain-read";
import type { RawEntry } from "@/server/caracal/streams/entries";
import { discardedLetters } from "@/server/redrive/discarded-letters";

/** What the stream says. `shelf`: where the signed copies lie. */
export type HeardStream = {
  readonly shelf: string;
  readonly absent: ReadonlyMap<string, readonly Absent[]>;
  readonly signed: ReadonlySet<string>; // zones of which it holds a copy that the key signed
  readonly seen: { readonly entries: number; readonly from: string | null; readonly to: string | null };
  readonly settledTo: string | null; // the last entry that is settled
  /** What the signed copies of a zone's event hash to. */
  contents(zoneId: string, eventId: string): readonly string[];
  close(): Promise<void>;
};

const zoneInData = /"zone_id"\s*:\s*"([^"\\]*)"/;
const zoneOf = ({ fields }: RawEntry) => zoneInData.exec(fields.data ?? "")?.[1] ?? "";

type Wanted = {
  readonly zoneId: string | null; // null: every zone
  readonly key: Buffer;
  readonly settled: Settled;
  readonly after: string | null; // entries up to this one were heard by an earlier check
  readonly bases: ReadonlyMap<string, number>; // of zones whose chain is known up to a seq
};

/**
 * Reads the stream to its end and the dead letters, a bounded page at a time. A copy is a witness wherever it stands; what is absent from
 * the rows is told only of entries that were settled before any row is looked up.
 */
export async function hearStream(ctx: CheckContext, wanted: Wanted, beat: Beat): Promise<HeardStream> {
  const thread = new Thread();
  let folder: string | null = null;
  let copies: CopyShelf | null = null;
  const close = async () => {
    await thread.end();
    copies?.close();
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  };
  try {
    const { zoneId, key, settled } = wanted;
    const seen = { entries: 0, from: null as string | null, to: null as string | null };
    let settledTo = wanted.after;
    for await (const page of pagesOfStream(ctx.caracal.redis, auditStream, wanted.after)) {
      const behind = page.filter(({ id }) => isSettled(id, settled)).length;
      if (behind > 0) settledTo = page[behind - 1]?.id ?? settledTo;
      seen.entries += page.length;
      seen.from ??= page[0]?.id ?? null;
      seen.to = page.at(-1)?.id ?? null;
      const entries = zoneId === null ? page : page.filter((entry) => zoneOf(entry) === zoneId);
      await thread.ask("hear", { entries, key, settled: entries.map(({ id }) => isSettled(id, settled)) });
      await beat.at("reading the stream", seen.entries);
    }
    for await (const entries of pagesOfStream(ctx.caracal.redis, deadAuditStream)) {
      await thread.ask("hearDead", { entries });
      await beat.at("reading the dead letters", entries.length);
    }
    for await (const entries of discardedLetters(ctx.db, deadAuditStream)) await thread.ask("hearDead", { entries });
    const shelved = await beat.during("sorting the stream", seen.entries, thread.ask("shelve", undefined));
    folder = shelved.folder;
    const { absent, signed } = await absentOf(ctx, thread, wanted.bases, beat);
    await thread.end();
    const contents = (zone: string, id: string) => {
      copies ??= new CopyShelf(shelved.shelf);
      const read = copies.find(id).flatMap(({ data, sig }) => readStreamCopy(data, sig) ?? []);
      return read.filter(({ columns }) => columns.zone_id === zone).map(({ content }) => content);
    };
    return { shelf: shelved.shelf, absent, signed, seen, settledTo, contents, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Looks up, page by page, which events of the stream are rows; the others are absent unless a dead letter speaks of them. */
async function absentOf(ctx: CheckContext, thread: Thread, bases: ReadonlyMap<string, number>, beat: Beat) {
  const absent = new Map<string, readonly Absent[]>();
  const signed = new Set<string>();
  let zone: string | null = null;
  let events = new AbsentEvents();
  let looked = 0;
  const close = () => {
    events.end();
    if (zone !== null && events.found.length > 0) absent.set(zone, events.found);
  };
  for (;;) {
    const page: readonly Placed[] = await thread.ask("places", { limit: rowsAtOnce / 2 });
    if (page.length === 0) break;
    const rows = await reading(ctx, (tx) =>
      placesOfEvents(
        tx,
        page.map(({ id }) => id),
      ),
    );
    const byId = new Map<string, (typeof rows)[0][]>();
    for (const row of rows) byId.set(row.id, [...(byId.get(row.id) ?? []), row]);
    for (const { zone: itsZone, zones, id, dead, settled, occurredAt, entry } of page) {
      if (itsZone !== zone) {
        close();
        zone = itsZone;
        events = new AbsentEvents(bases.get(zone));
      }
      signed.add(itsZone);
      const same = byId.get(id) ?? [];
      // One in a zone of which the stream has no copy is this one, with its zone changed.
      const row = same.find((one) => one.zone === itsZone) ?? same.find((one) => !zones.includes(one.zone));
      if (row !== undefined) events.present(row.zone === itsZone ? row.seq : null);
      else if (!dead && settled) events.missing({ id, occurredAt: Date.parse(occurredAt), entry });
    }
    looked += page.length;
    await beat.at("looking up the stream's events", looked);
  }
  close();
  return { absent, signed };
}
