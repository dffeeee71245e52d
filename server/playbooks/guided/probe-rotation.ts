import type { Looking } from "@/server/playbooks/guided/playbook";
import { zonesWithKeys } from "@/server/playbooks/guided/probe-replicas";
import { no, yes } from "@/server/playbooks/guided/probed";
import type { Probed } from "@/server/playbooks/guided/schemas";

/** What has become of the signing keys that were there when the run began. */
export type Replacement = {
  readonly zones: number; // living ones that have a signing key
  readonly replaced: number; // of which no key from before can be among the two that are served, proved
  readonly trouble: string | null; // of the first zone that is not
  readonly replacedAt: Date | null; // when the last was proved; null: not all are
  readonly writtenAt: Date | null; // when the last new key was written
  readonly undelivered: number; // zones with new keys that some STS consumer was not told of
};
type Written = {
  readonly kid: string;
  readonly zone_id: string;
  readonly state: string;
  readonly proved_at: Date | null;
  readonly written_at: Date | null;
  readonly note: string | null;
};
const later = (a: Date | null, b: Date | null): Date | null => (a === null || (b !== null && b > a) ? b : a);

/**
 * A key counts as replaced when it cannot be among the two newest rows, which are what the JWKS serves (trap 7): so both of them,
 * or in a routine rotation the newest, must be of rotations that this console executed after the run began, and proved. Under a
 * compromised KEK only those count that came after every replica was seen on the new one: earlier keys lie under the stolen KEK.
 */
export async function keysReplaced(looking: Looking): Promise<Replacement> {
  const { db, run, settled } = looking;
  const both = run.playbook !== "rotate-keys";
  const since = run.playbook === "kek-compromise" ? settled.get("recreate")?.settled_at : run.created_at;
  let state: Replacement = {
    zones: 0,
    replaced: 0,
    trouble: null,
    replacedAt: null,
    writtenAt: null,
    undelivered: 0,
  };
  for await (const zones of zonesWithKeys(looking)) {
    const rows =
      since === undefined
        ? []
        : await db.query<Written>(
            `SELECT kid, z.zone_id, z.state, z.proved_at, z.written_at, z.note
               FROM key_jobs j JOIN key_job_zones z ON z.job_id = j.id CROSS JOIN unnest(z.kids) AS kid
              WHERE j.kind = 'rotate' AND j.requested_at >= $1 AND z.zone_id = ANY ($2)`,
            [since, [...zones.keys()]],
          );
    const written = new Map(rows.map((row) => [row.kid, row]));
    for (const { name, keys } of zones.values()) {
      const served = both ? keys : keys.slice(0, 1);
      const own = served.map(({ kid }) => written.get(kid));
      const old = served.find(({ kid }) => !written.has(kid));
      const open = own.find((row) => row !== undefined && row.state !== "proved");
      const wrong =
        old !== undefined
          ? `Zone ${name}: ${old.kid}, which is served, is not of a rotation since ${run.playbook === "kek-compromise" ? "the replicas were recreated" : "this run began"}.`
          : open !== undefined
            ? `Zone ${name}: ${open.note ?? "the new keys are not proved yet."}`
            : null;
      state = {
        ...state,
        zones: state.zones + 1,
        replaced: state.replaced + (wrong === null ? 1 : 0),
        trouble: state.trouble ?? wrong,
        replacedAt: own.reduce((at, row) => later(at, row?.proved_at ?? null), state.replacedAt),
        writtenAt: own.reduce((at, row) => later(at, row?.written_at ?? null), state.writtenAt),
        undelivered: state.undelivered + (own.some((row) => row?.state === "written") ? 1 : 0),
      };
    }
  }
  return state.zones > 0 && state.replaced === state.zones ? state : { ...state, replacedAt: null };
}

/** Every key from before is replaced, in each zone that has one: each STS consumer was told, each replica serves the new ones. */
export async function rotated(looking: Looking): Promise<Probed> {
  const { zones, replaced, trouble } = await keysReplaced(looking);
  if (zones === 0) return no("No zone has a signing key yet: a rotation gives each its first.");
  if (trouble === null)
    return yes(`Replaced in all ${zones} zones with a key: every STS was told and serves the new ones.`);
  return no(`${replaced} of ${zones} zones proved. ${trouble}`);
}
