import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { keepAct } from "@/server/evidence/vault/custody";
import type { itemInput, StoreName } from "@/server/evidence/vault/schemas";
import type { VaultStore } from "@/server/evidence/vault/store";
import { requireItem, type OpenItem } from "@/server/evidence/vault/require-item";
import { digestOf } from "@/server/evidence/vault/write-file";
import { DomainError, messageOf } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";

export type VaultReading = {
  readonly db: Database;
  readonly stores: ReadonlyMap<StoreName, VaultStore>;
  readonly actor: Actor;
};
export type CopyRow = {
  readonly name: string;
  readonly store: StoreName;
  readonly sha256: string;
  readonly size: number;
  readonly verdict: "whole" | "mismatch" | "missing";
};
export type Verdict = { readonly verdict: "whole" | "mismatch" | "missing"; readonly found: string | null };

/** Reads a copy from its first byte to its last and compares. @throws source_unreachable when the store does not give it: that is no mismatch */
async function readCopy(stores: VaultReading["stores"], item: string, copy: CopyRow): Promise<Verdict> {
  const store = stores.get(copy.store);
  if (store === undefined)
    throw new DomainError("source_unreachable", `The store ${copy.store} is configured no more.`);
  try {
    const bytes = await store.read(item, copy.name);
    if (bytes === null) return { verdict: "missing", found: null };
    const { sha256 } = await digestOf(bytes);
    return { verdict: sha256 === copy.sha256 ? "whole" : "mismatch", found: sha256 };
  } catch (error) {
    throw new DomainError(
      "source_unreachable",
      `${store.place} did not give ${copy.name}: ${messageOf(error)}.`,
      {},
      { cause: error },
    );
  }
}

/** The copies of an item's files, in the order in which they were written; of one file where it is named. */
export const copiesOf = (
  { db }: Pick<VaultReading, "db">,
  item: string,
  name: string | null = null,
): Promise<CopyRow[]> =>
  db.query<CopyRow>(
    `SELECT c.name, c.store, f.sha256, f.size::float8 AS size, c.verdict FROM evidence_copies c JOIN evidence_files f USING (item_id, name)
      WHERE c.item_id = $1 AND ($2::text IS NULL OR c.name = $2) ORDER BY f.n, c.store`,
    [item, name],
  );

/**
 * Hashes one copy anew and records what it is now. A copy that is not what it was goes on the custody log and on the record, once, and is a P1
 * signal for as long as it stays so; that it is whole again goes there too, whoever read it. @throws source_unreachable
 */
export async function verifyCopy({ db, stores, actor }: VaultReading, item: OpenItem, copy: CopyRow): Promise<Verdict> {
  const { verdict, found } = await readCopy(stores, item.id, copy);
  await db.transaction(async (tx) => {
    const [before] = await tx.query<{ verdict: string }>(
      "SELECT verdict FROM evidence_copies WHERE item_id = $1 AND name = $2 AND store = $3 FOR UPDATE",
      [item.id, copy.name, copy.store],
    );
    await tx.query(
      "UPDATE evidence_copies SET verdict = $4, found_sha256 = $5, verified_at = clock_timestamp() WHERE item_id = $1 AND name = $2 AND store = $3",
      [item.id, copy.name, copy.store, verdict, found],
    );
    if (verdict === before?.verdict) return;
    if (verdict === "whole") {
      const again = `${copy.name} in the ${copy.store} is again what was preserved: SHA-256 ${found}; it was ${before?.verdict === "missing" ? "gone" : "another"} when it was last read`;
      await keepAct(tx, actor, item, "evidence.whole-again", {
        act: "re-verified",
        name: copy.name,
        note: again,
        sentence: `Preserved evidence that had been changed: ${again}`,
      });
      return;
    }
    const sentence =
      verdict === "missing"
        ? `${copy.name} is gone from the ${copy.store}; it had SHA-256 ${copy.sha256}`
        : `${copy.name} in the ${copy.store} is not what was preserved: SHA-256 ${found}, it had ${copy.sha256}`;
    await keepAct(tx, actor, item, "evidence.mismatch", {
      act: "mismatch",
      name: copy.name,
      note: sentence,
      sentence: `Preserved evidence was changed: ${sentence}`,
    });
  });
  return { verdict, found };
}

export type ItemVerdict = { readonly files: number; readonly bad: readonly string[] };

/** Hashes every file of an item anew, in every store. @throws not_found, source_unreachable, precondition_failed */
export async function verifyItem({
  ctx,
  input,
}: {
  ctx: VaultReading;
  input: z.output<typeof itemInput>;
}): Promise<ItemVerdict> {
  const item = await requireItem(ctx.db, ctx.actor, input.itemId);
  const copies = await copiesOf(ctx, item.id);
  if (copies.length === 0) throw new DomainError("precondition_failed", "Nothing of it is in the vault.");
  const bad: string[] = [];
  for (const copy of copies) {
    const { verdict } = await verifyCopy(ctx, item, copy);
    if (verdict !== "whole") bad.push(`${copy.name} (${copy.store}): ${verdict}`);
  }
  const words =
    bad.length === 0
      ? `All ${copies.length} files are what they were`
      : `${bad.length} of ${copies.length} files are not what they were`;
  await ctx.db.transaction(async (tx) => {
    await keepAct(tx, ctx.actor, item, "evidence.verified", {
      act: "re-verified",
      note: words,
      sentence: `${ctx.actor.name} had preserved evidence read again: ${words}`,
    });
  });
  return { files: copies.length, bad };
}
