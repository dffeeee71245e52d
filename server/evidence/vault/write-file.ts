import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { messageOf } from "@/server/platform/errors";
import { type Sink, StoreFailure, type VaultStore } from "@/server/evidence/vault/store";

export type Written = {
  readonly size: number;
  readonly sha256: string;
  readonly plainSize: number;
  readonly plainSha256: string;
};
export type Progress = { plain(piece: Buffer): void; packed(bytes: number): void };

/** As gzip without a flag compresses: what it saves beyond costs more time than it is worth, and it is what anybody compares with. */
const level = 6;
const chunk = 256 * 1024; // bytes handed to the compressor at once: it works on a thread of its own, and each hand-over costs a turn
const nobody: Progress = { plain: () => undefined, packed: () => undefined };

/** The source in pieces of about `chunk`, hashed on the way. */
async function* gathered(source: AsyncIterable<Buffer>, hash: (piece: Buffer) => void): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const part of source) {
    parts.push(part);
    size += part.length;
    if (size < chunk) continue;
    const piece = Buffer.concat(parts, size);
    parts = [];
    size = 0;
    hash(piece);
    yield piece;
  }
  if (size > 0) {
    const piece = Buffer.concat(parts, size);
    hash(piece);
    yield piece;
  }
}

const ofStores = async (work: Promise<unknown>): Promise<void> => {
  try {
    await work;
  } catch (error) {
    throw error instanceof StoreFailure ? error : new StoreFailure(messageOf(error), { cause: error });
  }
};

/**
 * Writes one file to every store at once, compressed (gzip) unless `plain`, hashed before and after compressing; no more than a few
 * pieces of it are in memory. It is under its name in all stores when this resolves, durable.
 * @throws StoreFailure when a store fails; the source's own error otherwise. Then it is under its name in none, unless a store failed while the others had it already.
 */
export async function writeFile(options: {
  readonly stores: readonly VaultStore[];
  readonly item: string;
  readonly name: string;
  readonly source: AsyncIterable<Buffer>;
  readonly plain?: boolean;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}): Promise<Written> {
  const { stores, item, name, source, progress = nobody, signal } = options;
  const before = createHash("sha256");
  const after = createHash("sha256");
  const sizes = { plain: 0, packed: 0 };
  const sinks: Sink[] = [];
  const hashPlain = (piece: Buffer) => {
    before.update(piece);
    sizes.plain += piece.length;
    progress.plain(piece);
  };
  const keep = async (pieces: AsyncIterable<Buffer>) => {
    for await (const piece of pieces) {
      after.update(piece);
      sizes.packed += piece.length;
      await ofStores(Promise.all(sinks.map((sink) => sink.write(piece))));
      progress.packed(piece.length);
    }
  };
  try {
    await ofStores(
      (async () => {
        for (const store of stores) sinks.push(await store.create(item, name));
      })(),
    );
    const pieces = gathered(source, hashPlain);
    if (options.plain === true) await keep(pieces);
    else
      await pipeline(
        pieces,
        createGzip({ level, chunkSize: chunk }),
        (packed: AsyncIterable<Buffer>) => keep(packed),
        signal === undefined ? {} : { signal },
      );
    signal?.throwIfAborted();
    await ofStores(Promise.all(sinks.map((sink) => sink.commit())));
  } catch (error) {
    await Promise.all(sinks.map((sink) => sink.abort()));
    throw error;
  }
  return {
    size: sizes.packed,
    sha256: after.digest("hex"),
    plainSize: sizes.plain,
    plainSha256: before.digest("hex"),
  };
}

/** SHA-256 of a stream, and its size in bytes. */
export async function digestOf(bytes: Readable): Promise<{ readonly sha256: string; readonly size: number }> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const piece of bytes as AsyncIterable<Buffer>) {
    hash.update(piece);
    size += piece.length;
  }
  return { sha256: hash.digest("hex"), size };
}
