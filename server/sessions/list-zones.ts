import type { z } from "zod";
import type { Deployment } from "@/server/caracal/deployment";
import { readZones } from "@/server/caracal/zones-read";
import { decodeCursor, encodeCursor, oneKey } from "@/server/platform/keyset-cursor";
import { type Page, pageOf } from "@/server/platform/page";
import type { ZoneRow, zoneListInput } from "@/server/sessions/schemas";

/** Zones by slug, archived ones included (their sessions and events remain). @throws DomainError stale_cursor. */
export async function listZones({
  ctx,
  input,
}: {
  ctx: { caracal: Pick<Deployment, "db"> };
  input: z.infer<typeof zoneListInput>;
}): Promise<Page<ZoneRow>> {
  const filter = { search: input.search === "" ? undefined : input.search };
  const after = decodeCursor("zones", filter, input.cursor, oneKey)?.[0] ?? null;
  const found = await readZones(ctx.caracal.db, { ...filter, archived: true }, after, input.limit + 1);
  return pageOf(found, input.limit, (last) => encodeCursor("zones", filter, [last.slug]));
}
