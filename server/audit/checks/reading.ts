import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import type { Queryable } from "@/server/platform/postgres";

/** A page of rows. */
export const rowsAtOnce = 1_000;
const bounds = { timeoutMs: 10_000, narrow: "It is tried again." };

/** One bounded read of Caracal's tables for a check: read only, over indexes, each page in a transaction of its own. */
export const reading = <T>(
  { caracal }: { readonly caracal: Pick<Deployment, "db"> },
  work: (tx: Queryable) => Promise<T>,
): Promise<T> => boundedRead(caracal.db, bounds, work);
