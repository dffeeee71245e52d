import type { SealPass } from "@/server/keys/schemas";
import type { Looking } from "@/server/playbooks/guided/playbook";
import { no, yes } from "@/server/playbooks/guided/probed";
import type { Probed } from "@/server/playbooks/guided/schemas";

type Job = {
  readonly state: string;
  readonly passes: readonly SealPass[];
  readonly sentence: string | null;
  readonly direction: string;
};

/** The run's newest re-encryption, in whichever direction: a way back taken since is what holds now. */
async function newestOf({ db, run }: Looking): Promise<Job | null> {
  const [row] = await db.query<Job>(
    `SELECT state, passes, error AS sentence, parameters->>'direction' AS direction FROM key_jobs
      WHERE kind = 're-encrypt' AND incident_id = $1 AND requested_at >= $2 ORDER BY requested_at DESC LIMIT 1`,
    [run.incident_id, run.created_at],
  );
  return row ?? null;
}

const wrongWay = no("The last re-encryption of this run went the way back: everything is under the old key again.");
const left = ({ counts }: SealPass) => {
  const neither = Object.values(counts).reduce((sum, kind) => sum + kind.neither, 0);
  return neither === 0 ? "" : ` ${neither} open under neither key: see the job's findings.`;
};

/** The re-encryption of this run has ended with a walk that moved nothing. */
export async function reEncrypted(looking: Looking): Promise<Probed> {
  const job = await newestOf(looking);
  if (job === null) return no("It has not been started: execute the approved request.");
  if (job.direction !== "forward") return wrongWay;
  const last = job.passes.at(-1);
  if (job.state !== "finished") return no(job.sentence ?? `It is ${job.state}, in walk ${job.passes.length + 1}.`);
  if (last === undefined || last.moved > 0) return no("The last walk still moved values: sweep again.");
  return yes(`All ${last.seen} values seen in walk ${last.pass}; none opened under the old key.${left(last)}`);
}

/** A walk that began after the last replica was seen on the new key moved nothing (trap 6). */
export async function cleanAfterReplicas(looking: Looking): Promise<Probed> {
  const recreated = looking.settled.get("recreate");
  const job = await newestOf(looking);
  const last = job?.passes.at(-1);
  if (job === null || last === undefined || recreated === undefined) return no("There is no walk since then.");
  if (job.direction !== "forward") return wrongWay;
  if (job.state !== "finished") return no(job.sentence ?? "A walk is under way.");
  if (Date.parse(last.startedAt) <= recreated.settled_at.getTime())
    return no("The last walk began before the replicas were recreated: sweep again.");
  return last.moved > 0
    ? no(`The last walk still moved ${last.moved}: sweep again, and find what is on the old key.`)
    : yes(`Walk ${last.pass}, begun after the last replica was recreated, moved nothing.${left(last)}`);
}
