import { kekStates } from "@/server/keys/kek-source";
import { readSpools } from "@/server/keys/spools";
import { judgeSpools } from "@/server/playbooks/guided/judge-spools";
import { noteSpools } from "@/server/playbooks/guided/note-spools";
import type { Looking } from "@/server/playbooks/guided/playbook";
import { no, yes } from "@/server/playbooks/guided/probed";
import type { Probed } from "@/server/playbooks/guided/schemas";

const named = 5; // zones that a sentence names before it counts

/** The zone of the run is frozen; of a run over all zones every living one is. Whoever froze it, and for which incident, is the same to an attacker. */
export async function zoneFrozen({ db, caracal, run }: Looking): Promise<Probed> {
  const rows = await db.query<{ zone_id: string; zone_name: string; state: string }>(
    "SELECT zone_id, zone_name, state FROM zone_freezes WHERE state <> 'thawed' AND ($1::text IS NULL OR zone_id = $1) ORDER BY requested_at LIMIT 5000",
    [run.zone_id],
  );
  const frozen = rows.filter(({ state }) => state === "frozen");
  const onTheWay = rows.filter(({ state }) => state !== "frozen");
  const [warm] = await caracal.db.query<{ zones: number; names: string[] | null }>(
    `SELECT count(*)::int AS zones, (array_agg(name ORDER BY id))[1:${named}] AS names FROM zones
      WHERE archived_at IS NULL AND ($1::text IS NULL OR id = $1) AND NOT (id = ANY ($2))`,
    [run.zone_id, rows.map(({ zone_id }) => zone_id)],
  );
  const names = (list: readonly string[], all: number) =>
    `${list.slice(0, named).join(", ")}${all > named ? ` and ${all - named} more` : ""}`;
  const open = [
    onTheWay.length === 0
      ? null
      : `Not yet proved at every STS: ${names(
          onTheWay.map(({ zone_name }) => zone_name),
          onTheWay.length,
        )}.`,
    (warm?.zones ?? 0) === 0 ? null : `Not frozen: ${names(warm?.names ?? [], warm?.zones ?? 0)}.`,
  ].filter((part) => part !== null);
  if (open.length > 0) return no(open.join(" "));
  if (frozen.length === 0) return no("No zone is there to be frozen.");
  return yes(
    `Frozen: ${names(
      frozen.map(({ zone_name }) => zone_name),
      frozen.length,
    )}.`,
  );
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

/** Somebody else has approved the re-encryption, asked for in this run's incident since the run began; it can be executed or has been. */
export async function reEncryptionApproved({ db, run }: Looking): Promise<Probed> {
  const [row] = await db.query<{ state: string; expired: boolean }>(
    `SELECT state, expires_at <= now() AND state <> 'executed' AS expired FROM approval_requests
      WHERE incident_id = $1 AND requested_at >= $2 AND action = 're-encrypt-kek' AND parameters->>'direction' = 'forward'
        AND state IN ('pending', 'approved', 'executed') ORDER BY (state = 'executed') DESC, requested_at DESC LIMIT 1`,
    [run.incident_id, run.created_at],
  );
  if (row === undefined) return no("Nobody has asked for it in this run yet.");
  if (row.expired) return no("The request has run out. Ask again.");
  return row.state === "pending"
    ? no("Asked for; somebody else has to approve it.")
    : yes("Approved by a second person.");
}

/** Every STS replica has published what waited in its audit spool (trap 17). */
export async function spoolsDrained({ db, caracal, run }: Looking): Promise<Probed> {
  const seen = await readSpools(caracal);
  return judgeSpools(await noteSpools(db, run.id, seen), seen);
}

/** The console itself has the key that everything was moved away from no more, and the one it was moved to is the one in use. */
export async function oldKekGone({ db, keks, run }: Looking): Promise<Probed> {
  const [job] = await db.query<{ from_kek: string; to_kek: string }>(
    `SELECT from_kek, to_kek FROM key_jobs WHERE kind = 're-encrypt' AND state = 'finished' AND incident_id = $1 AND requested_at >= $2
      ORDER BY requested_at DESC LIMIT 1`,
    [run.incident_id, run.created_at],
  );
  if (job === undefined) return no("Nothing was re-encrypted in this run.");
  const states = await kekStates(keks);
  const old = states.find(({ fingerprint }) => fingerprint === job.from_kek);
  if (old !== undefined) return no(`${old.setting} still holds the old key ${job.from_kek}.`);
  const current = states.find(({ slot }) => slot === "current");
  if (current?.fingerprint !== job.to_kek)
    return no(
      `${current?.setting ?? "The console"} must hold ${job.to_kek}. ${current?.trouble ?? `It holds ${current?.fingerprint ?? "no key"}.`}`,
    );
  return yes(`The console has ${job.from_kek} no more; ${job.to_kek} is in use.`);
}
