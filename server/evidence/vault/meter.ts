import type { Database } from "@/server/platform/postgres";
import { messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import type { Progress } from "@/server/evidence/vault/write-file";

/** The item was taken from this worker, or somebody asked it to stop. */
export class Ended extends Error {
  override readonly name = "Ended";
  constructor(readonly cancelled: boolean) {
    super(cancelled ? "somebody stopped it" : "another worker has given it up");
  }
}

export type Meter = {
  readonly signal: AbortSignal; // aborted with Ended
  /** The next file: its name, and whether its lines are rows that count. */
  file(name: string, counts: boolean): Progress;
  /** How many rows the file really had, in the place of the lines that were counted. */
  counted(rows: number): void;
  readonly totals: { readonly rows: number; readonly plain: number; readonly packed: number };
  stop(): Promise<void>;
};

const beatMs = 1_000;
const lineFeed = 10;

function linesIn(piece: Buffer): number {
  let lines = 0;
  for (let at = piece.indexOf(lineFeed); at !== -1; at = piece.indexOf(lineFeed, at + 1)) lines += 1;
  return lines;
}

/** Says once a second how far an item is and that its worker lives, and hears whether it is to stop. */
export function startMeter(db: Database, itemId: string, holder: string): Meter {
  const controller = new AbortController();
  const totals = { rows: 0, plain: 0, packed: 0 };
  let phase = "beginning";
  let before = 0;
  let inFile = 0;
  let last = { at: Date.now(), plain: 0 };
  let beating = Promise.resolve();
  const beat = async () => {
    const now = Date.now();
    const rate = Math.round(((totals.plain - last.plain) * 1_000) / Math.max(1, now - last.at));
    last = { at: now, plain: totals.plain };
    const [row] = await db.query<{ cancelled: boolean }>(
      `UPDATE evidence_items SET phase = $3, rows = $4, plain_bytes = $5, bytes = $6, bytes_per_second = $7, heartbeat_at = now()
        WHERE id = $1 AND holder = $2 AND state = 'running' RETURNING cancel_asked_by IS NOT NULL AS cancelled`,
      [itemId, holder, phase, totals.rows, totals.plain, totals.packed, rate],
    );
    if (row === undefined || row.cancelled) controller.abort(new Ended(row !== undefined));
  };
  const timer = setInterval(() => {
    beating = beating
      .then(beat)
      .catch((error: unknown) => log.debug({ reason: messageOf(error) }, "progress of a preservation not recorded"));
  }, beatMs);
  return {
    signal: controller.signal,
    totals,
    file(name, counts) {
      phase = name;
      before = totals.rows;
      inFile = 0;
      return {
        plain(piece) {
          totals.plain += piece.length;
          if (!counts) return;
          inFile += linesIn(piece);
          totals.rows = before + inFile;
        },
        packed(bytes) {
          totals.packed += bytes;
        },
      };
    },
    counted(rows) {
      totals.rows = before + rows;
    },
    async stop() {
      clearInterval(timer);
      await beating;
    },
  };
}
