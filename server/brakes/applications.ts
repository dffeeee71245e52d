import type { z } from "zod";
import type { ApplicationRow, applicationsInput, ProviderTokens, providerTokensInput } from "@/server/brakes/schemas";
import { readApplications, readProviderTokens } from "@/server/caracal/brakes/applications";
import type { Deployment } from "@/server/caracal/deployment";
import { decodeCursor, encodeCursor } from "@/server/platform/keyset-cursor";
import { type Page, pageOf } from "@/server/platform/page";

type Context = { readonly caracal: Pick<Deployment, "db"> };

const nameAndId = (position: readonly string[]): readonly [string, string] | null =>
  position.length === 2 && position[0] !== undefined && position[1] !== undefined ? [position[0], position[1]] : null;

/** Applications of a zone by name. @throws stale_cursor, source_unreachable */
export async function listApplications({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof applicationsInput>;
}): Promise<Page<ApplicationRow>> {
  const filter = { zone: input.zoneId, text: input.text };
  const after = decodeCursor("applications", filter, input.cursor, nameAndId);
  const found = await readApplications(ctx.caracal.db, input.zoneId, input.text, after, input.limit + 1);
  return pageOf(found, input.limit, (last) => encodeCursor("applications", filter, [last.name, last.id]));
}

/** What providers gave out for the application, to be revoked at each provider. @throws source_unreachable */
export async function providerTokens({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof providerTokensInput>;
}): Promise<readonly ProviderTokens[]> {
  const rows = await readProviderTokens(ctx.caracal.db, input.zoneId, input.applicationId);
  return rows.map((row) => ({ ...row, latestExpiry: row.latestExpiry?.toISOString() ?? null }));
}
