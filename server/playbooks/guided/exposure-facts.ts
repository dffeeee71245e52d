import { keyExposure, type KeyExposureFacts } from "@/server/playbooks/guided/exposure";
import type { Looking } from "@/server/playbooks/guided/playbook";
import type { Probed } from "@/server/playbooks/guided/schemas";
import type { Exposure } from "@/server/playbooks/schemas";

const ms = (at: Date | string | null | undefined): number | null => (at == null ? null : new Date(at).getTime());

async function factsOf({ db, caracal, run, settled }: Looking): Promise<KeyExposureFacts> {
  const [own] = await db.query<{
    now: Date;
    encrypted: Date | null;
    written: Date | null;
    undelivered: number;
    rotated: Date | null;
  }>(
    `SELECT now() AS now,
       (SELECT max(finished_at) FROM key_jobs WHERE incident_id = $1 AND kind = 're-encrypt' AND state = 'finished' AND result->>'moved' = '0') AS encrypted,
       (SELECT max(z.written_at) FROM key_job_zones z JOIN key_jobs j ON j.id = z.job_id WHERE j.incident_id = $1) AS written,
       (SELECT count(*) FROM key_job_zones z JOIN key_jobs j ON j.id = z.job_id WHERE j.incident_id = $1 AND z.state = 'written')::int AS undelivered,
       (SELECT max(finished_at) FROM key_jobs WHERE incident_id = $1 AND kind = 'rotate' AND state = 'finished') AS rotated`,
    [run.incident_id],
  );
  if (own === undefined) throw new Error("the database gave no facts");
  const before = own.rotated ?? own.now;
  const [theirs] = await caracal.db.query<{ live: number; latest: Date | null; grants: number }>(
    `SELECT count(*)::int AS live, max(expires_at) AS latest,
            (SELECT count(*) FROM (SELECT 1 FROM delegated_grants WHERE status = 'active' AND access_token_ct IS NOT NULL LIMIT 10001) g)::int AS grants
       FROM (SELECT expires_at FROM sessions WHERE status = 'active' AND expires_at > now() AND created_at < $1 AND ($2::text IS NULL OR zone_id = $2) LIMIT 10001) s`,
    [before, run.zone_id],
  );
  return {
    now: own.now.getTime(),
    kekKnown: run.playbook === "kek-compromise",
    reEncryptedAt: ms(own.encrypted),
    rotatedAt: ms(own.rotated),
    writtenAt: ms(own.written),
    undelivered: own.undelivered,
    liveBefore: theirs?.live ?? null,
    latestExpiry: ms(theirs?.latest),
    keyDestroyed: settled.has("destroy"),
    grants: theirs?.grants ?? null,
  };
}

/** What somebody with the stolen key can do right now. A routine rotation has nobody to fear. @throws source_unreachable */
export const exposureNow = async (looking: Looking): Promise<Exposure[]> =>
  looking.run.playbook === "rotate-keys" ? [] : keyExposure(await factsOf(looking));

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
