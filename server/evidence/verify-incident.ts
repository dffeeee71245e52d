import type { Actor } from "@/server/auth/roles";
import type { HeadSettings } from "@/server/evidence/keep-heads";
import { outsideHeads } from "@/server/evidence/outside-heads";
import type { SigningSettings } from "@/server/evidence/signing-key";
import { requireVisible } from "@/server/incidents/visible-to";
import type { Database } from "@/server/platform/postgres";
import type { ChainVerdict } from "@/server/timeline/schemas";
import { verifyTimeline } from "@/server/timeline/verify-timeline";

type Call = {
  ctx: {
    readonly db: Database;
    readonly actor: Pick<Actor, "id" | "roles">;
    readonly settings: HeadSettings & SigningSettings;
  };
  input: { readonly incidentId: string };
};

/** Verifies an incident's timeline against its head and the heads kept outside. @throws not_found when it may not be seen */
export async function verifyIncident({ ctx, input }: Call): Promise<ChainVerdict> {
  const { db, actor, settings } = ctx;
  await requireVisible(db, actor, input.incidentId);
  const outside = await outsideHeads(db, settings, input.incidentId);
  return verifyTimeline({ ctx: { db, outside }, input: { chain: input.incidentId } });
}
