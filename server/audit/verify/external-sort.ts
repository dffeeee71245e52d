import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";

export type Keyed = { readonly key: string; readonly text: string };

const mostCharacters = 16 * 1024 * 1024; // in memory at a time

const byKey = (a: Keyed, b: Keyed) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
const lineOf = ({ key, text }: Keyed) => `${JSON.stringify([key, text])}\n`;
const ofLine = (line: string): Keyed => {
  const [key, text] = JSON.parse(line) as [string, string];
  return { key, text };
};

/**
 * Sorts more than memory holds: what is added is written out in sorted pieces and merged while it is read back. Stable. Keys are
 * compared by their UTF-16 units. Temporary files are removed by `discard`.
 */
export class ExternalSort {
  private held: Keyed[] = [];
  private characters = 0;
  private folder: string | null = null;
  private readonly pieces: string[] = [];

  async add(key: string, text: string): Promise<void> {
    this.held.push({ key, text });
    this.characters += key.length + text.length;
    if (this.characters >= mostCharacters) await this.spill();
  }

  private async spill(): Promise<void> {
    this.folder ??= await mkdtemp(join(tmpdir(), "verify-evidence-"));
    const path = join(this.folder, `piece-${this.pieces.length}`);
    const held = this.held.sort(byKey);
    this.held = [];
    this.characters = 0;
    await pipeline(
      (function* lines() {
        for (const one of held) yield lineOf(one);
      })(),
      createWriteStream(path, { mode: 0o600 }),
    );
    this.pieces.push(path);
  }

  /** Everything in the order of the keys, once. */
  async *drain(): AsyncGenerator<Keyed> {
    const held = this.held.sort(byKey);
    this.held = [];
    const sources: AsyncIterator<Keyed>[] = this.pieces.map((path) => readPiece(path));
    sources.push(
      (async function* memory() {
        yield* held;
      })(),
    );
    const heads: (Keyed | null)[] = [];
    for (const source of sources) {
      const { value, done } = await source.next();
      heads.push(done === true ? null : value);
    }
    for (;;) {
      let least = -1;
      heads.forEach((head, at) => {
        const best = heads[least];
        if (head !== null && (best === undefined || best === null || head.key < best.key)) least = at;
      });
      const head = heads[least];
      if (head === undefined || head === null) return;
      yield head;
      const { value, done } = (await sources[least]?.next()) ?? { value: undefined, done: true };
      heads[least] = done === true ? null : (value as Keyed);
    }
  }

  async discard(): Promise<void> {
    this.held = [];
    if (this.folder !== null) await rm(this.folder, { recursive: true, force: true });
  }
}

async function* readPiece(path: string): AsyncGenerator<Keyed> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) yield ofLine(line);
}
