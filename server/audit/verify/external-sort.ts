import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Keyed = { readonly key: string; readonly text: string };

const mostCharacters = 8 * 1024 * 1024; // in memory at a time
const ownCost = 100; // of an entry, beside its characters
const blockBytes = 64 * 1024;
const newline = 10;

const byKey = (a: Keyed, b: Keyed) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
const lineOf = ({ key, text }: Keyed) => `${JSON.stringify(key)}\t${text}\n`;
const ofLine = (line: string): Keyed => {
  const end = line.indexOf("\t");
  return { key: JSON.parse(line.slice(0, end)) as string, text: line.slice(end + 1) };
};

/**
 * Sorts more than memory holds: what is added is written out in sorted pieces and merged while it is read back. Stable. Keys are
 * compared by their UTF-16 units; texts hold no line break. Temporary files are removed by `discard`.
 */
export class ExternalSort {
  private held: Keyed[] = [];
  private characters = 0;
  private folder: string | null = null;
  private readonly pieces: string[] = [];

  add(key: string, text: string): void {
    this.held.push({ key, text });
    this.characters += key.length + text.length + ownCost;
    if (this.characters >= mostCharacters) this.spill();
  }

  private spill(): void {
    this.folder ??= mkdtempSync(join(tmpdir(), "verify-evidence-"));
    const path = join(this.folder, `piece-${this.pieces.length}`);
    const file = openSync(path, "w", 0o600);
    try {
      const held = this.held.sort(byKey);
      for (let from = 0; from < held.length; from += 500)
        writeSync(
          file,
          held
            .slice(from, from + 500)
            .map(lineOf)
            .join(""),
        );
    } finally {
      closeSync(file);
    }
    this.held = [];
    this.characters = 0;
    this.pieces.push(path);
  }

  /** Everything in the order of the keys, once. */
  *drain(): Generator<Keyed> {
    const held = this.held.sort(byKey);
    this.held = [];
    const sources: Iterator<Keyed>[] = [...this.pieces.map((path) => readPiece(path)), held[Symbol.iterator]()];
    const heads = sources.map((source) => next(source));
    for (;;) {
      let least = -1;
      for (let at = 0; at < heads.length; at += 1) {
        const [head, best] = [heads[at], heads[least]];
        if (head && (!best || head.key < best.key)) least = at;
      }
      const [head, source] = [heads[least], sources[least]];
      if (!head || source === undefined) return;
      yield head;
      heads[least] = next(source);
    }
  }

  discard(): void {
    this.held = [];
    if (this.folder !== null) rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What was added under each key, together: the texts are JSON. */
export function* groupedByKey<T>(sort: ExternalSort): Generator<{ readonly id: string; readonly said: readonly T[] }> {
  let id: string | null = null;
  let said: T[] = [];
  for (const { key, text } of sort.drain()) {
    if (key !== id) {
      if (id !== null) yield { id, said };
      said = [];
      id = key;
    }
    said.push(JSON.parse(text) as T);
  }
  if (id !== null) yield { id, said };
}

function next(source: Iterator<Keyed>): Keyed | null {
  const { value, done } = source.next();
  return done === true ? null : (value as Keyed);
}

/** The lines of a piece. One buffer is read into again and again; it grows only for a line that is longer. */
function* readPiece(path: string): Generator<Keyed> {
  const file = openSync(path, "r");
  try {
    let buffer = Buffer.allocUnsafe(blockBytes);
    let held = 0; // bytes of a line that is not whole yet
    for (;;) {
      if (held === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
      const read = readSync(file, buffer, held, buffer.length - held, null);
      if (read === 0) return;
      const filled = held + read;
      let from = 0;
      for (let end = buffer.indexOf(newline); end !== -1 && end < filled; end = buffer.indexOf(newline, from)) {
        yield ofLine(buffer.toString("utf8", from, end));
        from = end + 1;
      }
      buffer.copyWithin(0, from, filled);
      held = filled - from;
    }
  } finally {
    closeSync(file);
  }
}
