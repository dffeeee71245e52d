import { nextZones, readZoneKeyRows } from "@/server/caracal/keys/zone-key-rows";
import { kekStates } from "@/server/keys/kek-source";
import { askEveryReplica } from "@/server/keys/rotation/prove-zones";
import { readSpools } from "@/server/keys/spools";
import type { SealPass } from "@/server/keys/schemas";
import { judgeSpools, rememberSpools } from "@/server/playbooks/guided/judge-spools";
import type { Looking } from "@/server/playbooks/guided/playbook";
import type { Probed } from "@/server/playbooks/guided/schemas";

const sampled = 20; // zones that every replica is asked for
const no = (sentence: string): Probed => ({ done: false, sentence });
const yes = (sentence: string): Probed => ({ done: true, sentence });
const unknown = (sentence: string): Probed => ({ done: null, sentence });

/** The zone of the run is frozen for its incident; without one, some zone is. */
export async function zoneFrozen({ db, run }: Looking): Promise<Probed> {
  const rows = await db.query<{ zone_name: string; state: string }>(
    "SELECT zone_name, state FROM zone_freezes WHERE incident_id = $1 AND ($2::text IS NULL OR zone_id = $2) AND state <> 'thawed' ORDER BY requested_at LIMIT 50",
    [run.incident_id, run.zone_id],
  );
  if (rows.length === 0) return no("No zone is frozen for this incident.");
  const open = rows.filter(({ state }) => state !== "frozen").map(({ zone_name }) => zone_name);
  return open.length > 0
    ? no(`Not yet proved at every STS: ${open.join(", ")}.`)
    : yes(`Frozen: ${rows.map(({ zone_name }) => zone_name).join(", ")}.`);
}

/** An inventory that was begun after the run, and has ended. */
export async function inventoryTaken({ db, run }: Looking): Promise<Probed> {
  const [row] = await db.query<{ result: { zones: number; troubled: number; findings: number } }>(
    "SELECT result FROM key_jobs WHERE kind = 'inventory' AND state = 'finished' AND requested_at >= $1 ORDER BY finished_at DESC LIMIT 1",
    [run.created_at],
  );
  if (row === undefined) return no("No inventory has ended since this run began.");
  const { zones, troubled, findings } = row.result;
  return yes(`${zones} zones seen, ${troubled} with trouble; ${findings} values that no key here opens.`);
}

/** A next KEK is at hand, and is not the one in use. */
export async function nextKekThere({ keks }: Looking): Promise<Probed> {
  const states = await kekStates(keks);
  const missing = states.find(({ fingerprint }) => fingerprint === null);
  if (missing !== undefined) return no(missing.trouble ?? `${missing.setting} holds no key yet.`);
  const [current, next] = ["current", "next"].map((slot) => states.find((state) => state.slot === slot)?.fingerprint);
  return yes(`In use ${current}, next ${next}.`);
}

/** Somebody else has approved the re-encryption for this incident, and it can still be executed or has been. */
export async function reEncryptionApproved({ db, run }: Looking): Promise<Probed> {
  const [row] = await db.query<{ state: string; expired: boolean }>(
    `SELECT state, expires_at <= now() AND state <> 'executed' AS expired FROM approval_requests
      WHERE incident_id = $1 AND action = 're-encrypt-kek' AND state IN ('pending', 'approved', 'executed') ORDER BY (state = 'executed') DESC, requested_at DESC LIMIT 1`,
    [run.incident_id],
  );
  if (row === undefined) return no("Nobody has asked for it yet.");
  if (row.expired) return no("The request has run out. Ask again.");
  return row.state === "pending"
    ? no("Asked for; somebody else has to approve it.")
    : yes("Approved by a second person.");
}

/** Every STS replica has published what waited in its audit spool (trap 17). */
export async function spoolsDrained({ db, caracal, run }: Looking): Promise<Probed> {
  const seen = await readSpools(caracal);
  const before = run.baseline.spools ?? {};
  const baseline = rememberSpools(before, seen);
  if (JSON.stringify(baseline) !== JSON.stringify(before))
    await db.query(
      "UPDATE guided_runs SET baseline = jsonb_set(baseline::jsonb, '{spools}', $2::jsonb)::json WHERE id = $1",
      [run.id, JSON.stringify(baseline)],
    );
  return judgeSpools(baseline, seen);
}

type Job = {
  readonly state: string;
  readonly passes: readonly SealPass[];
  readonly sentence: string | null;
  readonly to_kek: string | null;
  readonly planned: number;
  readonly written: number;
  readonly proved: number;
  readonly left_out: number;
};

async function newestJob({ db, run }: Looking, kind: "re-encrypt" | "rotate"): Promise<Job | null> {
  const [row] = await db.query<Job>(
    `SELECT j.state, j.passes, j.error AS sentence, j.to_kek,
            (SELECT count(*) FROM key_job_zones z WHERE z.job_id = j.id AND z.state = 'planned')::int AS planned,
            (SELECT count(*) FROM key_job_zones z WHERE z.job_id = j.id AND z.state = 'written')::int AS written,
            (SELECT count(*) FROM key_job_zones z WHERE z.job_id = j.id AND z.state = 'proved')::int AS proved,
            (SELECT count(*) FROM key_job_zones z WHERE z.job_id = j.id AND z.state = 'left')::int AS left_out
       FROM key_jobs j WHERE j.incident_id = $1 AND j.kind = $2 ORDER BY j.requested_at DESC LIMIT 1`,
    [run.incident_id, kind],
  );
  return row ?? null;
}

/** The re-encryption of this incident has ended with a walk that moved nothing. */
export async function reEncrypted(looking: Looking): Promise<Probed> {
  const job = await newestJob(looking, "re-encrypt");
  if (job === null) return no("It has not been started: execute the approved request.");
  const last = job.passes.at(-1);
  if (job.state !== "finished") return no(job.sentence ?? `It is ${job.state}, in walk ${job.passes.length + 1}.`);
  if (last === undefined || last.moved > 0) return no("The last walk still moved values: sweep again.");
  return yes(`All ${last.seen} values seen in walk ${last.pass}; none opened under the old key.`);
}

/** Every STS replica serves exactly the two newest rows of the zones that have a key: it opens what is sealed now (trap 16). */
export async function replicasOnKey({ caracal, run }: Looking): Promise<Probed> {
  const zones = run.zone_id === null ? await nextZones(caracal.db, null, 200) : [{ id: run.zone_id, archived: false }];
  const rows = await readZoneKeyRows(
    caracal.db,
    zones.filter(({ archived }) => !archived).map(({ id }) => id),
    2,
  );
  const withKey = [...rows].filter(([, keys]) => keys.length > 0).slice(0, sampled);
  if (withKey.length === 0) return unknown("No zone has a signing key: which KEK a replica runs on cannot be told.");
  const answers = await askEveryReplica(
    { caracal },
    withKey.map(([id]) => id),
  );
  const replicas = caracal.replicas.filter(({ kind }) => kind === "sts").map(({ id }) => id);
  if (replicas.length === 0) return unknown("No STS address is configured: what they serve cannot be asked.");
  const verdicts = replicas.map((replica) => {
    const jwks = [...answers.values()].flatMap((list) => list.filter((one) => one.replica === replica));
    return {
      replica,
      wrong: jwks.filter(({ agrees }) => agrees === false),
      silent: jwks.some(({ agrees }) => agrees === null),
    };
  });
  const wrong = verdicts.filter((verdict) => verdict.wrong.length > 0);
  const silent = verdicts.filter((verdict) => verdict.wrong.length === 0 && verdict.silent);
  if (wrong.length > 0)
    return no(
      `${wrong.map((verdict) => `${verdict.replica}: ${verdict.wrong[0]?.reason ?? "serves other keys"}`).join(" ")}`,
    );
  if (silent.length > 0) return unknown(`${silent.map(({ replica }) => replica).join(", ")} did not answer.`);
  return yes(`${replicas.join(", ")} serve the two newest keys of ${withKey.length} zones.`);
}

/** A walk that began after the last replica was seen on the new key moved nothing (trap 6). */
export async function cleanAfterReplicas(looking: Looking): Promise<Probed> {
  const recreated = looking.settled.get("recreate");
  const job = await newestJob(looking, "re-encrypt");
  const last = job?.passes.at(-1);
  if (job === null || last === undefined || recreated === undefined) return no("There is no walk since then.");
  if (job.state !== "finished") return no(job.sentence ?? "A walk is under way.");
  if (Date.parse(last.startedAt) <= recreated.settled_at.getTime())
    return no("The last walk began before the replicas were recreated: sweep again.");
  return last.moved > 0
    ? no(`The last walk still moved ${last.moved}: sweep again, and find what is on the old key.`)
    : yes(`Walk ${last.pass}, begun after the last replica was recreated, moved nothing.`);
}

/** The incident's rotation is proved: each STS consumer was told, each replica serves the new keys. */
export async function rotated(looking: Looking): Promise<Probed> {
  const job = await newestJob(looking, "rotate");
  if (job === null) return no("It has not been started: ask, have it approved, execute it.");
  const total = job.planned + job.written + job.proved + job.left_out;
  if (job.state !== "finished") return no(job.sentence ?? `${job.proved} of ${total} zones proved.`);
  return yes(`${job.proved} zones proved${job.left_out > 0 ? `, ${job.left_out} left as they were (archived)` : ""}.`);
}

/** No session from before the rotation is live (trap 5: expired ones do not count). */
export async function sessionsRevoked(looking: Looking): Promise<Probed> {
  const since = looking.settled.get("rotate")?.settled_at;
  if (since === undefined) return no("The rotation comes first.");
  const [row] = await looking.caracal.db.query<{ live: number }>(
    `SELECT count(*)::int AS live FROM (
       SELECT 1 FROM sessions WHERE status = 'active' AND expires_at > now() AND created_at < $1 AND ($2::text IS NULL OR zone_id = $2) LIMIT 10001) capped`,
    [since, looking.run.zone_id],
  );
  const live = row?.live ?? 0;
  if (live > 0) return no(`${live > 10_000 ? "More than 10,000" : live} sessions from before the rotation are live.`);
  const [open] = await looking.db.query<{ runs: number }>(
    "SELECT count(*)::int AS runs FROM playbook_runs WHERE incident_id = $1 AND state IN ('revoke', 'verify')",
    [looking.run.incident_id],
  );
  return (open?.runs ?? 0) > 0
    ? no("No session from before is live; a revocation's propagation is still being proved.")
    : yes("No session from before the rotation is live.");
}
