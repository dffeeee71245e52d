import type { Readable } from "node:stream";
import type { StoreName } from "@/server/evidence/vault/schemas";

/** One file on its way into a store. Under its own name only after `commit`, which is durable when it resolves. */
export type Sink = {
  write(chunk: Buffer): Promise<void>;
  commit(): Promise<void>;
  /** Leaves nothing under the name. Never throws. */
  abort(): Promise<void>;
};

export type ByteRange = { readonly from: number; readonly to: number }; // both inclusive

/** Where evidence lies. Files are named `<item>/<name>`; one that is there is never written again. */
export type VaultStore = {
  readonly name: StoreName;
  readonly place: string; // for people
  /** @throws when a file of this name is there, or the store cannot be written */
  create(item: string, name: string): Promise<Sink>;
  /** The bytes, or a part of them. Null: the store answers, and there is no such file. @throws when the store cannot be read */
  read(item: string, name: string, range?: ByteRange): Promise<Readable | null>;
  /** What is another as soon as the bytes may be: size and times of change, as the store keeps them. Null: there is no such file. @throws when the store cannot be read */
  stamp(item: string, name: string): Promise<string | null>;
  /** Takes away what a process that ended left unfinished of an item, and that never had a name of its own. Gives how many. @throws when the store cannot be asked */
  abandon(item: string): Promise<number>;
  /** Makes an item's place read-only where the store knows such a thing. */
  close(item: string): Promise<void>;
  /** Takes a file away: for the retention policy alone. Gone already is well. */
  remove(item: string, name: string): Promise<void>;
  /** What protects what lies here, in words; null: nothing but who may write to it. */
  protection(): Promise<string | null>;
};

/** A store could not take or give what it was asked: full, cut off, refused, or a name that is taken. */
export class StoreFailure extends Error {
  override readonly name = "StoreFailure";
}
