import { performance } from "node:perf_hooks";
import type { Queryable } from "@/server/platform/postgres";
import { readChain, readHead } from "@/server/timeline/read-chain";
import type { ChainVerdict } from "@/server/timeline/schemas";
import { chainVerifier, type KeptHead } from "@/server/timeline/verify-chain";

/** What is known of the heads that were written outside; null where the console keeps none. */
export type OutsideHeads = {
  readonly heads: readonly KeptHead[];
  readonly source: string;
  readonly lastWrittenAt: string | null;
  readonly problem: string | null;
};

type Call = {
  ctx: { readonly db: Queryable; readonly outside: OutsideHeads | null };
  input: { readonly chain: string };
};

/**
 * Verifies a chain as it stands in the database, page by page, against its head row and the heads kept outside. Entries that
 * others append meanwhile are verified too. Whoever calls asks first whether the viewer may see the incident.
 */
export async function verifyTimeline({ ctx, input }: Call): Promise<ChainVerdict> {
  const began = performance.now();
  const { db, outside } = ctx;
  const verifier = chainVerifier({ chain: input.chain, kept: outside?.heads ?? [] });
  let bad = null;
  let last: string | undefined;
  let head: Awaited<ReturnType<typeof readHead>> = null;
  do {
    reading: for await (const page of readChain(db, input.chain, last))
      for (const row of page) {
        bad = verifier.take(row);
        last = row.seq;
        if (bad !== null) break reading;
      }
    head = bad === null ? await readHead(db, input.chain) : null;
  } while (head !== null && head.last !== null && (last === undefined || BigInt(head.last) > BigInt(last)));
  bad ??= verifier.end(head ?? "missing");
  return {
    whole: bad === null,
    entries: verifier.entries,
    head: verifier.head,
    firstBad: bad,
    outsideHeads:
      outside === null
        ? null
        : {
            checked: verifier.compared,
            source: outside.source,
            lastWrittenAt: outside.lastWrittenAt,
            problem: outside.problem,
          },
    checkedAt: new Date().toISOString(),
    tookMs: Math.round(performance.now() - began),
  };
}
