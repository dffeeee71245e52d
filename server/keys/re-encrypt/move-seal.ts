import { timingSafeEqual } from "node:crypto";
import { openSeal, seal } from "@/server/caracal/keys/seal";
import { readSealedValue, replaceSeal, type SealedValue } from "@/server/caracal/keys/sealed-values";
import type { Queryable } from "@/server/platform/postgres";

/** What became of one value. `current`: it was under the key it moves from and has been moved; `next`: it was there already. */
export type Moved = "current" | "next" | "neither" | "gone";

const mostTurns = 5;

/**
 * Moves one value from one KEK to another: opened, sealed anew, opened again and compared before anything is written, then put in
 * the place of exactly the bytes that were read. Whoever changed the row meanwhile (STS refreshes grants) is read again.
 * @throws when sealing does not give the value back, or the row changes faster than it can be read.
 */
export async function moveSeal(
  db: Queryable,
  found: SealedValue,
  keks: { readonly from: Buffer; readonly to: Buffer },
): Promise<Moved> {
  let value: SealedValue | null = found;
  for (let turn = 0; turn < mostTurns; turn++) {
    if (value === null) return "gone";
    const there = openSeal(keks.to, value.sealed);
    if (there !== null) {
      there.fill(0);
      return "next";
    }
    const plaintext = openSeal(keks.from, value.sealed);
    if (plaintext === null) return "neither";
    try {
      const next = seal(keks.to, plaintext);
      const again = openSeal(keks.to, next);
      const same = again !== null && again.length === plaintext.length && timingSafeEqual(again, plaintext);
      again?.fill(0);
      if (!same) throw new Error("What was sealed anew does not open to what it was: nothing was written.");
      if (await replaceSeal(db, value, next)) return "current";
    } finally {
      plaintext.fill(0);
    }
    value = await readSealedValue(db, value.kind, value.id);
  }
  throw new Error(`${found.kind} ${found.id} changes faster than it can be read; it is tried again.`);
}
