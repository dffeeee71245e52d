import { anchorHeads, type AnchorContext } from "@/server/audit/anchors/anchor-heads";
import { keepAnchorings } from "@/server/audit/anchors/keep-anchorings";
import type { Outside } from "@/server/evidence/outside-places";
import { type SigningSettings, signingKey } from "@/server/evidence/signing-key";
import { holdLease } from "@/server/jobs/lease";
import { type Repeating, repeat } from "@/server/jobs/repeat";
import type { Settings } from "@/server/platform/settings";

type AnchorSettings = Pick<Settings, "AUDIT_ANCHORS_FILE" | "AUDIT_ANCHORS_WEBHOOK_URL" | "NOTIFY_ALLOW_HOSTS"> &
  SigningSettings;

const everyMs = 10 * 60_000;
const outsideEveryMs = 15_000;
const leaseSeconds = 45;

export const anchorsOutside = (settings: Omit<AnchorSettings, keyof SigningSettings>): Outside => ({
  file: settings.AUDIT_ANCHORS_FILE,
  webhook: settings.AUDIT_ANCHORS_WEBHOOK_URL,
  allowHosts: settings.NOTIFY_ALLOW_HOSTS,
});

/**
 * Anchors heads every ten minutes, whichever replica comes first: what is there already is not written again. Anchorings go outside within
 * seconds, by one replica at a time.
 */
export function createAnchorKeeper(ctx: AnchorContext & { settings: AnchorSettings; holder: string }): Repeating {
  const { db, settings, holder } = ctx;
  const outside = anchorsOutside(settings);
  const anchoring = repeat("anchoring audit heads", everyMs, () => anchorHeads(ctx, null).then(() => false));
  const keeping = repeat("keeping anchorings outside", outsideEveryMs, async () => {
    if (outside.file === undefined && outside.webhook === undefined) return;
    if (await holdLease(db, "audit-anchorings", holder, leaseSeconds))
      await keepAnchorings({ ctx: { db, outside, key: signingKey(settings) } });
  });
  return {
    start() {
      anchoring.start();
      keeping.start();
    },
    stop: () => Promise.all([anchoring.stop(), keeping.stop()]).then(() => undefined),
  };
}
