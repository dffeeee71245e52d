import { entryHash, type EntryRow, noHash } from "@/server/timeline/entry-hash";

/** The first place where a chain does not hold. `seq` is the entry's number, or the number that should have been there. */
export type BadEntry = { readonly seq: number; readonly problem: string };

/** A head as it was kept where the database cannot reach: its entry must still be there, with that hash. */
export type KeptHead = { readonly seq: number; readonly hash: string; readonly writtenAt: string };

/** The row of timeline_heads. `rows` is how many entries the table holds for the chain. */
export type HeadRow = {
  readonly seq: string;
  readonly hash: string;
  readonly at: string | null;
  readonly closed: boolean;
  readonly rows: number;
};

export type ChainVerifier = {
  /** Takes the next entry, lowest seq first. Gives what is wrong with it; after a wrong one nothing more is judged. */
  take(row: EntryRow): BadEntry | null;
  /** Called after the last entry: compares with the head row (null: not read) and with the heads kept outside. */
  end(head: HeadRow | "missing" | null): BadEntry | null;
  readonly entries: number;
  readonly head: { readonly seq: number; readonly hash: string };
  readonly compared: number; // heads kept outside that were met
};

export type ChainOptions = {
  readonly chain: string;
  readonly kept?: readonly KeptHead[];
  /** False for a redacted copy, whose texts cannot give the hashes: then only the links are judged. */
  readonly texts?: boolean;
};

/**
 * Verifies one chain entry by entry: numbers without holes, links, each entry's own hash, time that never goes back, nothing
 * after closing but a reopening, and agreement with heads kept elsewhere. Pure; holds nothing but the last entry.
 */
export function chainVerifier({ chain, kept = [], texts = true }: ChainOptions): ChainVerifier {
  const outside = [...kept].sort((a, b) => a.seq - b.seq);
  let met = 0; // of `outside`
  let agreed = 0; // seq of the last head kept outside that agreed
  let entries = 0;
  let last: EntryRow | null = null;
  let bad: BadEntry | null = null;

  const judge = (row: EntryRow): string | null => {
    const before = last === null ? "the beginning" : `entry ${last.seq}`;
    if (row.chain !== chain) return "it belongs to another chain";
    if (row.prev_hash !== (last?.hash ?? noHash))
      return `its link does not lead to ${before}: one was changed, removed or put in another place`;
    if (texts && entryHash(row) !== row.hash)
      return "its contents do not give its hash: it was changed after it was written";
    if (last !== null && row.at < last.at) return `its time is before the time of ${before}`;
    if (last?.kind === "incident.closed" && row.kind !== "incident.reopened")
      return `it stands after the closing of the incident (${before}), where only a reopening may follow`;
    return null;
  };

  const compareOutside = (row: EntryRow, seq: number): string | null => {
    for (let head = outside[met]; head !== undefined && head.seq <= seq; head = outside[met]) {
      met += 1;
      if (head.seq !== seq || head.hash !== row.hash)
        return `it is not the entry that was there at ${head.writtenAt}, when its hash was kept outside the database: the record was written anew somewhere from entry ${agreed + 1} to here`;
      agreed = seq;
    }
    return null;
  };

  return {
    take(row) {
      if (bad !== null) return bad;
      const expected = entries + 1;
      const seq = Number(row.seq);
      if (row.seq !== String(expected)) {
        bad =
          seq > expected
            ? {
                seq: expected,
                problem: `it is missing: entry ${row.seq} comes after ${entries === 0 ? "the beginning" : `entry ${entries}`}`,
              }
            : { seq, problem: `its number is out of order: ${expected} was to come` };
        return bad;
      }
      const problem = judge(row) ?? compareOutside(row, seq);
      if (problem !== null) {
        bad = { seq, problem };
        return bad;
      }
      entries = expected;
      last = row;
      return null;
    },
    end(head) {
      if (bad !== null) return bad;
      const beyond = outside.at(-1);
      if (beyond !== undefined && beyond.seq > entries)
        bad = {
          seq: entries + 1,
          problem: `it is missing: the head kept outside at ${beyond.writtenAt} is entry ${beyond.seq}, and the record ends at ${entries}. Its tail was cut off`,
        };
      else if (head !== null) {
        const problem = againstHead(head, entries, last);
        if (problem !== null) bad = problem;
      }
      return bad;
    },
    get entries() {
      return entries;
    },
    get head() {
      return { seq: entries, hash: last?.hash ?? noHash };
    },
    get compared() {
      return met;
    },
  };
}

function againstHead(head: HeadRow | "missing", entries: number, last: EntryRow | null): BadEntry | null {
  if (head === "missing")
    return entries === 0 ? null : { seq: entries, problem: "the chain's head is missing from the database" };
  if (head.rows !== entries)
    return { seq: entries, problem: `the table holds ${head.rows} entries, of which ${entries} are in order` };
  const headSeq = Number(head.seq);
  if (headSeq > entries)
    return {
      seq: entries + 1,
      problem: `it is missing: the head says that there are ${head.seq} entries, and the record ends at ${entries}`,
    };
  if (headSeq < entries)
    return { seq: headSeq + 1, problem: `it is beyond the head, which says that there are ${head.seq} entries` };
  const agrees =
    head.hash === (last?.hash ?? noHash) &&
    head.at === (last?.at ?? null) &&
    head.closed === (last?.kind === "incident.closed");
  return agrees ? null : { seq: entries, problem: "the chain's head does not agree with this last entry" };
}
