import {
  type Absent,
  type Anchor,
  ChainWalk,
  type Finding,
  noTotals,
  type Totals,
} from "@/server/audit/verify/chain-walk";
import { ExternalSort } from "@/server/audit/verify/external-sort";
import { judgeRow } from "@/server/audit/verify/judge-row";
import { chainSeal, dataSignature } from "@/server/audit/verify/seals";
import type { StoredRow } from "@/server/audit/verify/stored-row";
import { readStreamCopy, type StreamCopy } from "@/server/audit/verify/stream-copy";

/** One entry of a stream as it is recorded: its id, and its fields. */
export type StreamEntry = { readonly id: string; readonly fields: Readonly<Record<string, string>> };

export type Evidence = {
  readonly rows: AsyncIterable<StoredRow>; // in any order
  readonly stream: AsyncIterable<StreamEntry> | null; // caracal.audit.events, in its order; null: not heard
  readonly deadLetters: AsyncIterable<StreamEntry> | null; // caracal.audit.events.dlq
  readonly key: Buffer | null; // AUDIT_HMAC_KEY; without it neither seals nor the stream are heard
  /** Heads seen at an earlier time, by zone. */
  readonly anchors?: ReadonlyMap<string, readonly Anchor[]>;
  /** The stream is read before the rows: of a living deployment, what is in it by then must be in the rows read after. */
  readonly streamFirst?: boolean;
  /** Called now and then while nothing is read, with how many events or rows were dealt with. */
  readonly breathe?: (done: number) => Promise<void>;
};

type Said =
  | { readonly row: StoredRow }
  | { readonly copy: string; readonly sig: string; readonly place: number; readonly zone: string }
  | { readonly dead: true };

const part = "\u0000"; // no id and no zone holds it: Postgres refuses it in text
const padded = (value: number) => String(value).padStart(16, "0");

/**
 * Whether every seal fails and nothing that the key signed verifies: then the key is another one, which is not an attack (trap 18).
 * One row alone cannot tell the two apart. Pure.
 */
export const isKeyDrift = (
  seals: { readonly right: number; readonly wrong: number },
  signaturesRight: number,
): boolean => seals.right === 0 && signaturesRight === 0 && seals.wrong >= 2;

/** The event ids that a dead letter speaks of: src_id holds the event's own id when the source had one (trap 12). */
function deadIds({ fields }: StreamEntry): string[] {
  const ids = [fields.src_id ?? ""];
  try {
    const { id } = JSON.parse(fields.src_data ?? "null") as { id?: unknown };
    if (typeof id === "string") ids.push(id);
  } catch {
    // what was no JSON has no id of its own
  }
  return ids.filter((id) => id !== "");
}

/**
 * Judges every row of audit_events by its own columns, its seal and chain, its rebuilt signature and the signed copies that the stream
 * holds, and finds rows that are gone. Findings come zone by zone, in the order of the chain. Memory does not grow with the number of
 * rows: they are sorted in files.
 */
export async function verifyEvidence(evidence: Evidence, emit: (finding: Finding) => void): Promise<Totals> {
  const byEvent = new ExternalSort();
  const byPlace = new ExternalSort();
  const byChain = new ExternalSort();
  const totals = noTotals();
  try {
    const { key: given, breathe = async () => undefined } = evidence;
    const seals = { right: 0, wrong: 0 };
    const readRows = async () => {
      for await (const row of evidence.rows) {
        if (given !== null && row.chain_hmac) {
          const right = chainSeal(given, row.content_sha256 ?? "", row.prev_content_sha256) === row.chain_hmac;
          seals[right ? "right" : "wrong"] += 1;
        }
        await byEvent.add(row.id, JSON.stringify({ row } satisfies Said));
      }
    };
    let signaturesRight = 0;
    const readStream = async () => {
      if (evidence.stream === null || given === null) return;
      let place = 0;
      for await (const { fields } of evidence.stream) {
        place += 1;
        const { data, sig } = fields;
        if (data === undefined || sig === undefined || dataSignature(given, data) !== sig) continue;
        signaturesRight += 1;
        const copy = readStreamCopy(data, sig);
        if (copy === null) continue;
        const { id, zone_id: zone } = copy.columns;
        await byEvent.add(id, JSON.stringify({ copy: data, sig, place, zone } satisfies Said));
      }
    };
    for (const read of evidence.streamFirst === true ? [readStream, readRows] : [readRows, readStream]) await read();
    if (evidence.deadLetters !== null)
      for await (const entry of evidence.deadLetters)
        for (const id of deadIds(entry)) await byEvent.add(id, JSON.stringify({ dead: true } satisfies Said));
    const drift = given !== null && isKeyDrift(seals, signaturesRight);
    const key = drift ? null : given;

    let placed = 0;
    for (const { id, said } of grouped(byEvent)) {
      await placeEvent(id, said, byPlace, byChain);
      placed += 1;
      if (placed % 500 === 0) await breathe(placed);
    }
    const absent = absentByZone(byPlace);
    const anchors = new Map(evidence.anchors ?? []);
    await walkZones({ byChain, absent, anchors, key, drift, breathe }, emit, totals);
    return totals;
  } finally {
    for (const sort of [byEvent, byPlace, byChain]) sort.discard();
  }
}

/** What was said of each event id, together. */
function* grouped(byEvent: ExternalSort): Generator<{ readonly id: string; readonly said: readonly Said[] }> {
  let id: string | null = null;
  let said: Said[] = [];
  for (const { key, text } of byEvent.drain()) {
    if (key !== id) {
      if (id !== null) yield { id, said };
      said = [];
      id = key;
    }
    said.push(JSON.parse(text) as Said);
  }
  if (id !== null) yield { id, said };
}

type Copied = Extract<Said, { copy: string }>;

async function placeEvent(
  id: string,
  said: readonly Said[],
  byPlace: ExternalSort,
  byChain: ExternalSort,
): Promise<void> {
  const rows = said.flatMap((one) => ("row" in one ? [one.row] : []));
  const copies = said.flatMap((one): Copied[] => ("copy" in one ? [one] : [])).sort((a, b) => a.place - b.place);
  for (const row of rows) {
    const own = copies.filter(({ zone }) => zone === row.zone_id);
    const heard = own.length > 0 ? own : copies;
    const seq = row.chain_seq === null ? "" : padded(row.chain_seq);
    await byChain.add(`${row.zone_id}${part}${seq}${part}${id}`, JSON.stringify({ row, copies: heard }));
  }
  const [first] = copies;
  const [row] = rows;
  if (first === undefined || (row === undefined && said.some((one) => "dead" in one))) return;
  await byPlace.add(
    `${row?.zone_id ?? first.zone}${part}${padded(first.place)}`,
    JSON.stringify(row === undefined ? { absent: id } : { seq: row.chain_seq }),
  );
}

/**
 * Events that only the stream has, with the seq that they had: stream order is chain order, so it is counted on from the event before
 * (or back from the first one after). Those behind a zone's last row are its cut tail.
 */
function absentByZone(byPlace: ExternalSort): Map<string, Absent[]> {
  const found = new Map<string, Absent[]>();
  let zone: string | null = null;
  let last: number | null = null;
  let highest = 0;
  let open: string[] = [];
  const close = (tail: boolean, before: number | null) => {
    if (zone === null || open.length === 0) return;
    const list = found.get(zone) ?? [];
    found.set(zone, list);
    const from = last !== null ? last + 1 : (before ?? open.length + 1) - open.length;
    for (const [at, id] of open.entries()) list.push({ id, seq: from + at, tail: tail && from + at > highest });
    if (last !== null || tail) last = from + open.length - 1;
    open = [];
  };
  for (const { key, text } of byPlace.drain()) {
    const [itsZone = ""] = key.split(part);
    if (itsZone !== zone) {
      close(true, null);
      zone = itsZone;
      last = null;
      highest = 0;
    }
    const said = JSON.parse(text) as { absent?: string; seq?: number | null };
    if (said.absent !== undefined) open.push(said.absent);
    else if (said.seq !== null && said.seq !== undefined) {
      close(false, said.seq);
      last = said.seq;
      highest = Math.max(highest, said.seq);
    }
  }
  close(true, null);
  return found;
}

type Walking = {
  readonly byChain: ExternalSort;
  readonly absent: Map<string, Absent[]>;
  readonly anchors: Map<string, readonly Anchor[]>;
  readonly key: Buffer | null;
  readonly drift: boolean;
  readonly breathe: (done: number) => Promise<void>;
};

async function walkZones(
  { byChain, absent, anchors, key, drift, breathe }: Walking,
  emit: (finding: Finding) => void,
  totals: Totals,
): Promise<void> {
  let zone: string | null = null;
  let walk: ChainWalk | null = null;
  let sealed = false;
  for (const { text } of byChain.drain()) {
    const { row, copies } = JSON.parse(text) as { row: StoredRow; copies: Copied[] };
    if (row.zone_id !== zone) {
      walk?.end();
      zone = row.zone_id;
      sealed = false;
      walk = new ChainWalk(zone, absent.get(zone) ?? [], emit, totals, anchors.get(zone) ?? []);
      absent.delete(zone);
      anchors.delete(zone);
      if (drift)
        emit({
          zone_id: zone,
          chain_seq: null,
          event_id: null,
          finding: "key_drift",
          columns: ["chain_hmac"],
          witnesses: ["seal"],
        });
    }
    const heard = copies.flatMap(({ copy, sig }): StreamCopy[] => {
      const read = readStreamCopy(copy, sig);
      return read === null ? [] : [read];
    });
    const verdict = judgeRow(row, heard, key, sealed);
    sealed ||= verdict.witnesses.includes("seal") && Boolean(row.chain_hmac);
    walk?.row(row, verdict);
    if (totals.rows % 50 === 0) await breathe(totals.rows);
  }
  walk?.end();
  // Zones of which no row is left.
  for (const gone of new Set([...absent.keys(), ...anchors.keys()]))
    new ChainWalk(gone, absent.get(gone) ?? [], emit, totals, anchors.get(gone) ?? []).end();
}
