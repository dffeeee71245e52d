import { closeSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from "node:fs";
import type { SignedCopy } from "@/server/audit/verify/stream-copy";

type Line = { readonly id: string; readonly copies: readonly SignedCopy[] };
type Block = { readonly first: string; readonly at: number; readonly length: number };

const blockCharacters = 64 * 1024;
const blocksHeld = 8;

/** Writes signed copies as a shelf: `lines` come in ascending order of their ids (by UTF-16 units), each id once. */
export function writeShelf(path: string, lines: Iterable<Line>): void {
  const blocks: Block[] = [];
  const file = openSync(path, "w", 0o600);
  try {
    let at = 0;
    let first: string | null = null;
    let held: string[] = [];
    let characters = 0;
    const flush = () => {
      if (first === null) return;
      const length = writeSync(file, held.join(""));
      blocks.push({ first, at, length });
      at += length;
      [first, held, characters] = [null, [], 0];
    };
    for (const line of lines) {
      const text = `${JSON.stringify(line)}\n`;
      first ??= line.id;
      held.push(text);
      characters += text.length;
      if (characters >= blockCharacters) flush();
    }
    flush();
  } finally {
    closeSync(file);
  }
  writeFileSync(`${path}.index`, JSON.stringify(blocks), { mode: 0o600 });
}

/**
 * Signed copies by event id, in a file. What is held in memory is where each block of 64 KiB begins, and the blocks last read: ids grow
 * with time, and so rows in the order of their chain ask for the same block again and again.
 */
export class CopyShelf {
  private readonly file: number;
  private readonly blocks: readonly Block[];
  private readonly held = new Map<number, ReadonlyMap<string, readonly SignedCopy[]>>();

  constructor(readonly path: string) {
    this.blocks = JSON.parse(readFileSync(`${path}.index`, "utf8")) as Block[];
    this.file = openSync(path, "r");
  }

  /** The copies of an event, in the order of the stream; none: the stream does not hold it. */
  find(id: string): readonly SignedCopy[] {
    let [low, high] = [0, this.blocks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.blocks[middle] as Block).first <= id) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? [] : (this.read(low - 1).get(id) ?? []);
  }

  private read(index: number): ReadonlyMap<string, readonly SignedCopy[]> {
    const known = this.held.get(index);
    if (known !== undefined) return known;
    const { at, length } = this.blocks[index] as Block;
    const bytes = Buffer.allocUnsafe(length);
    readSync(this.file, bytes, 0, length, at);
    const lines = bytes.toString("utf8").split("\n").slice(0, -1);
    const block = new Map(lines.map((line) => JSON.parse(line) as Line).map(({ id, copies }) => [id, copies]));
    for (const oldest of this.held.keys()) {
      if (this.held.size < blocksHeld) break;
      this.held.delete(oldest);
    }
    this.held.set(index, block);
    return block;
  }

  close(): void {
    closeSync(this.file);
  }
}
