import { boundedRead } from "@/server/caracal/bounded-read";
import { newestMandates } from "@/server/caracal/newest-mandates";
import type { Looking } from "@/server/playbooks/guided/playbook";
import { yes } from "@/server/playbooks/guided/probed";
import type { Probed, ServiceKind } from "@/server/playbooks/guided/schemas";
import { serviceImpact, standWords } from "@/server/playbooks/guided/service-impact";
import { isAbout, replicasOf } from "@/server/playbooks/guided/service-replicas";
import type { Exposure } from "@/server/playbooks/schemas";
import { allDown, readOutages } from "@/server/services/outages/outage-windows";
import { serviceKinds } from "@/server/services/schemas";

const bounds = { timeoutMs: 3_000, narrow: "It is read again." };
const utc = (at: number | null) => (at === null ? "none lives" : `${new Date(at).toISOString().slice(11, 19)} UTC`);

async function factsOf({ db, caracal, run }: Looking) {
  const kinds = [...new Set(replicasOf({ caracal, run }).map(({ kind }) => kind))];
  const noneSince = new Map<ServiceKind, number>();
  for (const kind of kinds) {
    const ids = caracal.replicas.filter((one) => one.kind === kind).map(({ id }) => id);
    const open = allDown(await readOutages(db, ids, run.created_at), ids).find(({ to }) => to === null);
    if (open !== undefined) noneSince.set(kind, open.from);
  }
  const mandates = await boundedRead(caracal.db, bounds, newestMandates);
  return { now: Date.now(), service: run.service ?? ("all" as const), mandates, noneSince };
}

/** What keeps working while the service is away. @throws source_unreachable */
export const impactNow = async (looking: Looking): Promise<Exposure[]> => serviceImpact(await factsOf(looking));

/** The impact in numbers, when it can be read: what has stopped, and when the newest mandates run out. */
export async function impactKnown(looking: Looking): Promise<Probed> {
  const { mandates, noneSince } = await factsOf(looking);
  const about = serviceKinds.filter((kind) => isAbout(looking.run, kind));
  const addressed = new Set(replicasOf(looking).map(({ kind }) => kind));
  return {
    ...yes(
      `${standWords(about, addressed, [...noneSince.keys()])} The newest per-call mandate runs out: ${utc(mandates.perCall)}; the newest ambient one: ${utc(mandates.ambient)}.`,
    ),
    figures: [
      { name: "newest per-call mandate expires", value: utc(mandates.perCall), source: "sessions" },
      { name: "newest ambient mandate expires", value: utc(mandates.ambient), source: "sessions" },
    ],
  };
}
