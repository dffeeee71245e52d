import type { Looking } from "@/server/playbooks/guided/playbook";
import { no, unknown, yes } from "@/server/playbooks/guided/probed";
import type { Probed } from "@/server/playbooks/guided/schemas";
import { isAbout } from "@/server/playbooks/guided/service-replicas";

type Hearing = {
  readonly consumers: readonly string[] | null;
  readonly published: number | null;
  readonly since: string;
  readonly stale: string | null;
};

/** The newest hearing of a run for a kind, and which replica has come back or was restarted after it was asked. */
async function hearingOf(
  { db, run }: Looking,
  kind: "sts" | "gateway",
  replicas: readonly string[],
): Promise<Hearing | null> {
  const [row] = await db.query<Hearing>(
    `SELECT h.consumers, h.published, to_char(h.asked_at AT TIME ZONE 'UTC', 'HH24:MI:SS "UTC"') AS since, coalesce(
              (SELECT replica FROM replica_outages WHERE replica = ANY ($3) AND (up_since IS NULL OR down_until >= h.asked_at) LIMIT 1),
              (SELECT replicas[1] FROM service_restarts WHERE replicas && $3 AND coalesce(started_at, requested_at) >= h.asked_at LIMIT 1)) AS stale
       FROM consumer_hearings h WHERE guided_run_id = $1 AND kind = $2 ORDER BY asked_at DESC LIMIT 1`,
    [run.id, kind, replicas],
  );
  return row ?? null;
}

/**
 * The consumers of every STS and gateway of the run were heard after the last of them came back: as many were handed a message as there are
 * replicas. Ready is no sign of it (contract section 1), nor is a group that keeps up: a sibling reads in its place.
 */
export async function consumersHeard(looking: Looking): Promise<Probed> {
  const said: string[] = [];
  for (const kind of ["sts", "gateway"] as const) {
    if (!isAbout(looking.run, kind)) continue;
    const replicas = looking.caracal.replicas.filter((one) => one.kind === kind).map(({ id }) => id);
    if (replicas.length === 0) continue;
    const hearing = await hearingOf(looking, kind, replicas);
    if (hearing === null) return no(`The consumers of ${kind} were not asked in this run yet.`);
    if (hearing.consumers === null)
      return no(`The consumers of ${kind} are being asked since ${hearing.since}; after a minute, ask again.`);
    if (hearing.stale !== null) return no(`${hearing.stale} was away after its consumers were asked: ask again.`);
    if (hearing.consumers.length < replicas.length)
      return no(
        `${hearing.consumers.length} of ${replicas.length} ${kind} replicas took one of ${hearing.published} messages: ${hearing.consumers.join(", ") || "none"}. The others say ready and read nothing: restart them one by one, then ask again.`,
      );
    said.push(`${hearing.consumers.join(", ")} took a message each`);
  }
  return said.length === 0 ? unknown("No address of STS or gateway is configured.") : yes(`${said.join("; ")}.`);
}
