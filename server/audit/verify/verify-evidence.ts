import { AbsentEvents } from "@/server/audit/verify/absent-events";
import { ChainWalk } from "@/server/audit/verify/chain-walk";
import { ExternalSort, groupedByKey } from "@/server/audit/verify/external-sort";
import { type Absent, type Anchor, type Finding, noTotals, type Totals } from "@/server/audit/verify/finding";
import { inOrder } from "@/server/audit/verify/in-order";
import { type JudgedPage, judgePage, type PageToJudge } from "@/server/audit/verify/judge-page";
import { KeyDrift } from "@/server/audit/verify/key-drift";
import { chainSeal, dataSignature } from "@/server/audit/verify/seals";
import type { StoredRow } from "@/server/audit/verify/stored-row";
import { readStreamCopy, type SignedCopy } from "@/server/audit/verify/stream-copy";
import { deadIds, type StreamEntry } from "@/server/audit/verify/stream-entry";

export type Evidence = {
  readonly rows: AsyncIterable<StoredRow>; // in any order
  readonly stream: AsyncIterable<StreamEntry> | null; // caracal.audit.events, in its order; null: not heard
  readonly deadLetters: AsyncIterable<StreamEntry> | null; // caracal.audit.events.dlq
  readonly key: Buffer | null; // AUDIT_HMAC_KEY; without it neither seals nor the stream are heard
  /** Heads seen at an earlier time, by zone. */
  readonly anchors?: ReadonlyMap<string, readonly Anchor[]>;
  /** Who judges pages of rows: this thread, unless others do, so many pages at a time. */
  readonly judging?: { readonly atOnce: number; judge(page: PageToJudge): Promise<JudgedPage> };
};

type Copied = { readonly copy: string; readonly sig: string; readonly place: number; readonly zone: string };
type Said = { readonly row: StoredRow } | Copied | { readonly dead: true };

const part = "\u0000"; // no id and no zone holds it: Postgres refuses it in text
const padded = (value: number) => String(value).padStart(16, "0");
const pageRows = 200;
const here = { atOnce: 1, judge: async (page: PageToJudge) => judgePage(page) };

/**
 * Judges every row of audit_events by its own columns, its seal and chain, its rebuilt signature and the signed copies that the stream
 * holds, and finds rows that are gone. Findings come zone by zone, in the order of the chain. Memory does not grow with the number of
 * rows: they are sorted in files.
 */
export async function verifyEvidence(evidence: Evidence, emit: (finding: Finding) => void): Promise<Totals> {
  const byEvent = new ExternalSort();
  const byPlace = new ExternalSort();
  const byChain = new ExternalSort();
  try {
    const { key, rows, stream, deadLetters } = evidence;
    const drift = key === null ? null : new KeyDrift(key);
    for await (const row of rows) {
      drift?.row(row);
      byEvent.add(row.id, JSON.stringify({ row } satisfies Said));
    }
    let place = 0;
    if (stream !== null && key !== null)
      for await (const { fields } of stream) {
        place += 1;
        const { data, sig } = fields;
        if (data === undefined || sig === undefined || dataSignature(key, data) !== sig) continue;
        const copy = readStreamCopy(data, sig);
        if (copy === null) continue;
        const { id, zone_id: zone } = copy.columns;
        drift?.signed(zone);
        byEvent.add(id, JSON.stringify({ copy: data, sig, place, zone } satisfies Said));
      }
    if (deadLetters !== null)
      for await (const entry of deadLetters)
        for (const id of deadIds(entry)) byEvent.add(id, JSON.stringify({ dead: true } satisfies Said));
    for (const { id, said } of groupedByKey<Said>(byEvent)) placeEvent(id, said, byPlace, byChain);
    byEvent.discard();
    return await walkZones(
      evidence,
      {
        byChain,
        byPlace,
        drifted: drift?.drifted() ?? new Set(),
        sealedSince: drift?.sealedSince() ?? null,
      },
      emit,
    );
  } finally {
    for (const sort of [byEvent, byPlace, byChain]) sort.discard();
  }
}

/** Puts what was said of one event where its chain and where its stream want it. */
function placeEvent(id: string, said: readonly Said[], byPlace: ExternalSort, byChain: ExternalSort): void {
  const rows = said.flatMap((one) => ("row" in one ? [one.row] : []));
  const copies = said.flatMap((one): Copied[] => ("copy" in one ? [one] : [])).sort((a, b) => a.place - b.place);
  for (const row of rows) {
    const seq = row.chain_seq === null ? "" : padded(row.chain_seq);
    const signed = copies.map(({ copy, sig }): SignedCopy => ({ data: copy, sig }));
    byChain.add(`${row.zone_id}${part}${seq}${part}${id}`, JSON.stringify({ row, copies: signed }));
  }
  // Ids are unique in a zone only: each zone of which the stream has a copy has its own place for it.
  const zones = new Set(copies.map(({ zone }) => zone));
  const strayed = rows.find(({ zone_id }) => !zones.has(zone_id)); // whose zone somebody changed, or that was put there
  for (const zone of zones) {
    const own = rows.find(({ zone_id }) => zone_id === zone);
    if (own === undefined && strayed === undefined && said.some((one) => "dead" in one)) continue;
    const place = copies.find((copy) => copy.zone === zone)?.place ?? 0;
    const here = own === undefined ? (strayed === undefined ? { absent: id } : { seq: null }) : { seq: own.chain_seq };
    byPlace.add(`${zone}${part}${padded(place)}`, JSON.stringify(here));
  }
}

/** The events that only the stream has, by zone. */
function absentByZone(byPlace: ExternalSort): Map<string, readonly Absent[]> {
  const found = new Map<string, readonly Absent[]>();
  let zone: string | null = null;
  let events = new AbsentEvents();
  const close = () => {
    events.end();
    if (zone !== null && events.found.length > 0) found.set(zone, events.found);
  };
  for (const { key, text } of byPlace.drain()) {
    const [itsZone = ""] = key.split(part);
    if (itsZone !== zone) {
      close();
      zone = itsZone;
      events = new AbsentEvents();
    }
    const said = JSON.parse(text) as { absent: string } | { seq: number | null };
    if ("absent" in said) events.missing({ id: said.absent });
    else events.present(said.seq);
  }
  close();
  return found;
}

type Sorted = {
  readonly byChain: ExternalSort;
  readonly byPlace: ExternalSort;
  readonly drifted: ReadonlySet<string>;
  readonly sealedSince: number | null;
};

/** The rows in the order of their chains, a page of one zone at a time. */
function* pagesOf({ byChain, drifted, sealedSince }: Sorted, given: Buffer | null): Generator<PageToJudge> {
  let rows: { readonly row: StoredRow; readonly copies: readonly SignedCopy[] }[] = [];
  let sealed = false; // whether a row before the next one carries a right seal
  let sealedBefore = false;
  const keyOf = (zone: string) => (drifted.has(zone) ? null : given);
  const page = (): PageToJudge => {
    const whole = { rows, shelf: null, key: keyOf(rows[0]?.row.zone_id ?? ""), sealed: sealedBefore, sealedSince };
    rows = [];
    sealedBefore = sealed;
    return whole;
  };
  for (const { text } of byChain.drain()) {
    const item = JSON.parse(text) as (typeof rows)[0];
    const { row } = item;
    const other = rows[0] !== undefined && rows[0].row.zone_id !== row.zone_id;
    if (other || rows.length >= pageRows) yield page();
    if (other) [sealed, sealedBefore] = [false, false];
    rows.push(item);
    const key = keyOf(row.zone_id);
    sealed ||= key !== null && chainSeal(key, row.content_sha256 ?? "", row.prev_content_sha256) === row.chain_hmac;
  }
  if (rows.length > 0) yield page();
}

async function walkZones(
  { key, anchors: given, judging = here }: Evidence,
  sorted: Sorted,
  emit: (finding: Finding) => void,
): Promise<Totals> {
  const totals = noTotals();
  const absent = absentByZone(sorted.byPlace);
  const anchors = new Map(given ?? []);
  let zone: string | null = null;
  let walk = null as ChainWalk | null;
  const begin = (zoneId: string) => {
    walk?.end();
    zone = zoneId;
    walk = new ChainWalk(zoneId, emit, totals, { absent: absent.get(zoneId), anchors: anchors.get(zoneId) });
    absent.delete(zoneId);
    anchors.delete(zoneId);
    if (!sorted.drifted.has(zoneId)) return;
    const finding = { finding: "key_drift", columns: ["chain_hmac"], witnesses: ["seal"] } as const;
    emit({ zone_id: zoneId, chain_seq: null, event_id: null, ...finding });
  };
  const judge = (page: PageToJudge) => judging.judge(page);
  for await (const [{ rows }, { verdicts }] of inOrder(pagesOf(sorted, key), judging.atOnce, judge))
    for (const [at, { row }] of rows.entries()) {
      if (row.zone_id !== zone) begin(row.zone_id);
      const verdict = verdicts[at];
      if (verdict !== undefined) walk?.row(row, verdict);
    }
  walk?.end();
  // Zones of which no row is left.
  for (const gone of new Set([...absent.keys(), ...anchors.keys()]))
    new ChainWalk(gone, emit, totals, { absent: absent.get(gone), anchors: anchors.get(gone) }).end();
  return totals;
}
