import { readEnds } from "@/server/caracal/audit-chain-read";
import { boundedRead } from "@/server/caracal/bounded-read";
import { findZone } from "@/server/caracal/revocation/subject-sessions";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";

const bounds = { timeoutMs: 5_000, narrow: "Try again." };

/** A zone by id, or one that Caracal's table does not know and that has events all the same: it has a chain too. @throws not_found */
export async function requireChain(
  db: Database,
  zoneId: string,
): Promise<{ readonly id: string; readonly name: string }> {
  const known = await findZone(db, zoneId);
  if (known !== null) return known;
  const [ends] = await boundedRead(db, bounds, (tx) => readEnds(tx, [zoneId]));
  if (ends === undefined) throw new DomainError("not_found", "No such zone in this deployment.");
  return { id: zoneId, name: zoneId };
}
