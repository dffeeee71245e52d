import type { Readable } from "node:stream";
import { fullProfileRoles } from "@/server/evidence/schemas";
import { keepAct } from "@/server/evidence/vault/custody";
import { recentReadings } from "@/server/evidence/vault/recent-readings";
import { type OpenItem, requireItem } from "@/server/evidence/vault/require-item";
import type { ByteRange } from "@/server/evidence/vault/store";
import { copiesOf, type CopyRow, type VaultReading, verifyCopy } from "@/server/evidence/vault/verify-item";
import { DomainError } from "@/server/platform/errors";

type Range = ByteRange | "unsatisfiable" | null; // null: the whole

export type VaultFile = {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly range: Range;
  open(): Promise<Readable>;
};

const readings = recentReadings();

/**
 * When a copy was read from its first byte to its last and found whole: just now, or, for a download that goes on, within the last minutes
 * when nothing of it has changed since. Null: it is not what it was. @throws source_unreachable
 */
async function readWholeAt(ctx: VaultReading, item: OpenItem, copy: CopyRow, goesOn: boolean): Promise<number | null> {
  const key = [copy.store, item.id, copy.name].join(" ");
  const stamp =
    (await ctx.stores
      .get(copy.store)
      ?.stamp(item.id, copy.name)
      .catch(() => null)) ?? null; // a store that fails is said below
  const lately = goesOn && copy.verdict === "whole" ? readings.of(key, stamp) : null;
  if (lately !== null) return lately;
  const at = Date.now();
  if ((await verifyCopy(ctx, item, copy)).verdict !== "whole") return null;
  if (stamp !== null) readings.note(key, { stamp, at });
  return at;
}

/**
 * A file of the vault for download, or the part of it that `rangeOf` asks for. It is read whole and hashed before its first byte is given; a
 * part that goes on behind the first byte may rely on a reading of the last minutes. A copy that is not what it was is never given, another store's is. The download goes on the custody log and the record first.
 * @throws forbidden, not_found, conflict when no copy is what it was, source_unreachable
 */
export async function openFile({
  ctx,
  input,
}: {
  ctx: VaultReading;
  input: {
    readonly itemId: string;
    readonly name: string;
    readonly rangeOf: (file: { readonly sha256: string; readonly size: number }) => Range;
  };
}): Promise<VaultFile> {
  const { db, stores, actor } = ctx;
  if (!actor.roles.some((role) => fullProfileRoles.includes(role)))
    throw new DomainError(
      "forbidden",
      `What is preserved holds names and addresses: a download needs the role ${fullProfileRoles.join(" or ")}.`,
    );
  const item = await requireItem(db, actor, input.itemId);
  const copies = await copiesOf(ctx, item.id, input.name);
  if (copies.length === 0) throw new DomainError("not_found", "This item has no such file.");
  let away: unknown = null;
  for (const copy of copies) {
    const { name, size, sha256 } = copy;
    const range = input.rangeOf(copy);
    const wanted = range === null || range === "unsatisfiable" ? undefined : range;
    let readAt: number | null;
    try {
      readAt = await readWholeAt(ctx, item, copy, wanted !== undefined && wanted.from > 0);
    } catch (error) {
      away = error;
      continue;
    }
    if (readAt === null) continue;
    const part = wanted === undefined ? "" : `, bytes ${wanted.from} to ${wanted.to}`;
    if (range !== "unsatisfiable")
      await db.transaction((tx) =>
        keepAct(tx, actor, item, "evidence.downloaded", {
          act: "downloaded",
          name,
          note: `SHA-256 ${sha256}${part}, from the ${copy.store}, hashed at ${new Date(readAt).toISOString()}`,
          sentence: `${actor.name} downloaded ${name} of preserved evidence${part}, SHA-256 ${sha256}`,
        }),
      );
    const open = async () => {
      const bytes = await stores.get(copy.store)?.read(item.id, name, wanted);
      if (bytes == null) throw new DomainError("not_found", "The file has gone from the store.");
      return bytes;
    };
    return { name, size, sha256, range, open };
  }
  if (away !== null) throw away;
  throw new DomainError(
    "conflict",
    "This file is not what was preserved, in any store. It is not given out. The item's page says what was found.",
  );
}
