import type { z } from "zod";
import { partitionsOf } from "@/server/caracal/audit-partitions-read";
import { evidenceQueries, type RowScope } from "@/server/caracal/evidence-snapshot";
import { auditExtent, tableExtent } from "@/server/caracal/evidence-extent";
import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import { streamExtents } from "@/server/caracal/evidence-streams";
import type { Estimate, estimateInput, StoreName } from "@/server/evidence/vault/schemas";
import type { VaultStore } from "@/server/evidence/vault/store";

/** How much a preservation would write, roughly and without reading any of it, and where to. @throws source_unreachable */
export async function estimatePreservation({
  ctx: { caracal, stores },
  input,
}: {
  ctx: { readonly caracal: Deployment; readonly stores: ReadonlyMap<StoreName, VaultStore> };
  input: z.output<typeof estimateInput>;
}): Promise<Estimate> {
  const notes: string[] = [];
  const read = await boundedRead(
    caracal.db,
    { timeoutMs: 5_000, narrow: "The estimate is left out; the preservation can be ordered all the same." },
    async (tx) => {
      const partitions = await partitionsOf(tx);
      const bounds = partitions.find(({ name }) => name === input.partition);
      const scope: RowScope = {
        zoneId: input.zoneId ?? null,
        from: bounds?.from ?? input.from ?? null,
        to: bounds?.to ?? input.to ?? null,
        partition: input.partition ?? null,
      };
      const others = (["alerts", "outbox", "admin"] as const).filter((part) => input.parts.includes(part));
      const audit = input.parts.includes("rows") ? await auditExtent(tx, scope) : { rows: 0, bytes: 0 };
      const rest = await tableExtent(
        tx,
        others.map((part) => evidenceQueries[part].table),
      );
      return {
        rows: audit.rows + rest.rows,
        bytes: audit.bytes + rest.bytes,
        partitions: partitions.map(({ name }) => name),
      };
    },
  );
  let streamEntries: number | null = null;
  if (input.parts.includes("streams"))
    try {
      streamEntries = (await streamExtents(caracal.redis)).reduce((all, { entries }) => all + entries, 0);
    } catch {
      notes.push("Redis does not answer: its streams cannot be preserved just now.");
    }
  return {
    ...read,
    streamEntries,
    notes,
    stores: [...stores.values()].map(({ name, place }) => ({ store: name, place })),
  };
}
