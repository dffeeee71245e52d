import { createHmac } from "node:crypto";
import { chainHmac, contentSha256, eventSignature, readEvent } from "@/sandbox/encoding/audit-event";
import { uuidV7 } from "@/sandbox/encoding/uuid-v7";
import type { Chain, ChainRow } from "./honest-chain";

/** What was done to a chain, and what a verifier with the stream must say of it: exactly these rows, exactly so. */
export type Tampered = {
  readonly rows: ChainRow[];
  readonly what: string;
  readonly found: readonly { readonly finding: string; readonly chain_seq: number; readonly event_id: string | null }[];
};
type Way = (chain: Chain, rows: ChainRow[], at: number, random: () => number) => Tampered["found"];

const flip = (text: string | null) => (text ?? "").replace(/^./, (first) => (first === "0" ? "1" : "0"));
const of = (finding: string, row: ChainRow) => ({
  finding,
  chain_seq: row.chain_seq ?? 0,
  event_id: row.id,
});

/** Writes a row anew as somebody does who knows the encoding: other decision, its hash made to fit. Gives the data it now stands for. */
function rewrite(chain: Chain, row: ChainRow): string {
  const entry = chain.stream.find(({ fields }) => fields.id === row.id);
  const data = (entry?.fields.data ?? "").replace(
    /"decision":"\w+"/,
    `"decision":"${row.decision === "allow" ? "deny" : "allow"}"`,
  );
  row.decision = row.decision === "allow" ? "deny" : "allow";
  row.content_sha256 = contentSha256(readEvent(data));
  return data;
}
function reseal(key: Buffer, row: ChainRow): void {
  row.chain_hmac = chainHmac(key, row.content_sha256 ?? "", row.prev_content_sha256);
}

/** Seals a rewritten row with the key, and mends the link and the seal of the one behind it. */
function resealFrom(chain: Chain, rows: ChainRow[], at: number): Tampered["found"] {
  const [row, next] = [rows[at] as ChainRow, rows[at + 1]];
  reseal(chain.key, row);
  if (next !== undefined) {
    next.prev_content_sha256 = row.content_sha256;
    reseal(chain.key, next);
  }
  return [of("rewritten_with_key", row)];
}

/** Ways to tamper, each on the row at an index; the last row is left for those that need a neighbour behind. */
const ways: Readonly<Record<string, Way>> = {
  "a decision changed": (_chain, rows, at) => {
    const row = rows[at] as ChainRow;
    row.decision = row.decision === "allow" ? "deny" : "allow";
    return [of("column_changed", row)];
  },
  "metadata replaced": (_chain, rows, at) => {
    const row = rows[at] as ChainRow;
    row.metadata_json = '{"resource": "resource://elsewhere"}';
    return [of("column_changed", row)];
  },
  "a number in diagnostics changed": (_chain, rows, at) => {
    const row = rows[at] as ChainRow;
    row.diagnostics_json = "[7.25]";
    return [of("column_changed", row)];
  },
  "a time moved by a microsecond": (_chain, rows, at) => {
    const row = rows[at] as ChainRow;
    row.occurred_at = row.occurred_at.replace(/(\d)\+00$/, (_, digit: string) => `${(Number(digit) + 1) % 10}+00`);
    return [of("column_changed", row)];
  },
  "a content hash changed": (_chain, rows, at) => {
    const row = rows[at] as ChainRow;
    row.content_sha256 = flip(row.content_sha256);
    return [of("column_changed", row)];
  },
  "a seal changed": (_chain, rows, at) => {
    const row = rows[at] as ChainRow;
    row.chain_hmac = flip(row.chain_hmac);
    return [of("seal_changed", row)];
  },
  "a link changed": (_chain, rows, at) => {
    const row = rows[Math.max(at, 1)] as ChainRow;
    row.prev_content_sha256 = flip(row.prev_content_sha256);
    return [of("seal_changed", row)];
  },
  "a row deleted": (_chain, rows, at) => {
    const [row] = rows.splice(Math.max(1, Math.min(at, rows.length - 2)), 1);
    return [of("row_deleted", row as ChainRow)];
  },
  "several rows deleted": (_chain, rows, at, random) => {
    const from = Math.max(1, Math.min(at, rows.length - 4));
    return rows.splice(from, 1 + Math.floor(random() * 3)).map((row) => of("row_deleted", row));
  },
  "the tail cut": (_chain, rows, _at, random) =>
    rows.splice(rows.length - 1 - Math.floor(random() * 4)).map((row) => of("tail_truncated", row)),
  "rewritten without the key": (chain, rows, at) => {
    const row = rows[at] as ChainRow;
    rewrite(chain, row);
    return [of("rewritten_without_key", row)];
  },
  "rewritten without the key, the next link mended": (chain, rows, at) => {
    const [row, next] = [rows[at] as ChainRow, rows[at + 1]];
    rewrite(chain, row);
    if (next === undefined) return [of("rewritten_without_key", row)];
    next.prev_content_sha256 = row.content_sha256;
    return [of("rewritten_without_key", row), of("seal_changed", next)];
  },
  "rewritten with the key": (chain, rows, at) => {
    rewrite(chain, rows[at] as ChainRow);
    return resealFrom(chain, rows, at);
  },
  "rewritten with the key, signature and all": (chain, rows, at) => {
    const row = rows[at] as ChainRow;
    row.ingest_signature = eventSignature(chain.key, rewrite(chain, row));
    return resealFrom(chain, rows, at);
  },
  "two neighbours exchanged": (_chain, rows, at) => {
    const first = Math.min(at, rows.length - 2);
    const [a, b] = [rows[first] as ChainRow, rows[first + 1] as ChainRow];
    [a.chain_seq, b.chain_seq] = [b.chain_seq, a.chain_seq];
    return [of("reordered", a), of("reordered", b)];
  },
  "a row put in beside another": (chain, rows, at) => {
    const row = rows[Math.min(at, rows.length - 2)] as ChainRow;
    const beside: ChainRow = { ...row, id: uuidV7() };
    const data = (chain.stream.find(({ fields }) => fields.id === row.id)?.fields.data ?? "").replace(
      row.id,
      beside.id,
    );
    beside.content_sha256 = contentSha256(readEvent(data));
    reseal(chain.key, beside);
    beside.ingest_signature = createHmac("sha256", chain.key).update(data).digest("hex");
    rows.push(beside);
    return [of("forked", beside)];
  },
};

export const wayNames = Object.keys(ways);

/** Tampers with a copy of a chain in one way, somewhere. */
export function tamper(chain: Chain, way: string, random: () => number): Tampered {
  const rows = chain.rows.map((row) => ({ ...row }));
  const found = (ways[way] as Way)(chain, rows, Math.floor(random() * rows.length), random);
  return { rows, what: way, found };
}
