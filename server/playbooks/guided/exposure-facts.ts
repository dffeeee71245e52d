import { catalogued } from "@/server/playbooks/guided/catalogue";
import { keyExposure, type KeyExposureFacts } from "@/server/playbooks/guided/exposure";
import type { Looking } from "@/server/playbooks/guided/playbook";
import { impactNow } from "@/server/playbooks/guided/probe-impact";
import { keysReplaced } from "@/server/playbooks/guided/probe-rotation";
import type { Probed } from "@/server/playbooks/guided/schemas";
import type { Exposure } from "@/server/playbooks/schemas";

const ms = (at: Date | string | null | undefined): number | null => (at == null ? null : new Date(at).getTime());

async function factsOf(looking: Looking): Promise<KeyExposureFacts> {
  const { db, caracal, run, settled } = looking;
  const [own] = await db.query<{ now: Date; encrypted: Date | null }>(
    `SELECT now() AS now, (SELECT max(finished_at) FROM key_jobs WHERE incident_id = $1 AND requested_at >= $2
        AND kind = 're-encrypt' AND state = 'finished' AND parameters->>'direction' = 'forward' AND result->>'moved' = '0') AS encrypted`,
    [run.incident_id, run.created_at],
  );
  if (own === undefined) throw new Error("the database gave no facts");
  const keys = await keysReplaced(looking);
  const before = keys.replacedAt ?? own.now;
  const [theirs] = await caracal.db.query<{ live: number; latest: Date | null; grants: number }>(
    `SELECT count(*)::int AS live, max(expires_at) AS latest,
            (SELECT count(*) FROM (SELECT 1 FROM delegated_grants WHERE status = 'active' AND access_token_ct IS NOT NULL LIMIT 10001) g)::int AS grants
       FROM (SELECT expires_at FROM sessions WHERE status = 'active' AND expires_at > now() AND created_at < $1 AND ($2::text IS NULL OR zone_id = $2) LIMIT 10001) s`,
    [before, run.zone_id],
  );
  return {
    now: own.now.getTime(),
    kekKnown: catalogued(run.playbook).stolen === "kek",
    reEncryptedAt: ms(own.encrypted),
    rotatedAt: ms(keys.replacedAt),
    writtenAt: ms(keys.writtenAt),
    undelivered: keys.undelivered,
    liveBefore: theirs?.live ?? null,
    latestExpiry: ms(theirs?.latest),
    keyDestroyed: settled.has("destroy"),
    grants: theirs?.grants ?? null,
  };
}

/**
 * What somebody with the stolen key can do right now; of a service that is away, what keeps working; else nothing.
 * @throws source_unreachable
 */
export async function exposureNow(looking: Looking): Promise<Exposure[]> {
  const { stolen, aboutService } = catalogued(looking.run.playbook);
  if (aboutService) return impactNow(looking);
  return stolen === null ? [] : keyExposure(await factsOf(looking));
}

/** Nothing that runs out by itself is left; what only people can end does not keep the step open. */
export async function exposureOver(looking: Looking): Promise<Probed> {
  const { now, ...rest } = await factsOf(looking);
  const running = keyExposure({ now, ...rest }).filter(({ until, id }) => until !== null || id === "live-unknown");
  if (running.length === 0) return { done: true, sentence: "Nothing that runs out by itself works any more." };
  const last = Math.max(...running.map(({ until }) => until ?? now));
  return {
    done: false,
    sentence: `${running.map(({ what }) => what).join("; ")}: until ${new Date(last).toISOString().slice(11, 19)} UTC at most.`,
  };
}
