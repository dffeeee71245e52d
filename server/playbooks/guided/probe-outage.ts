import type { Looking } from "@/server/playbooks/guided/playbook";
import { no, unknown, yes } from "@/server/playbooks/guided/probed";
import type { Probed } from "@/server/playbooks/guided/schemas";
import { replicasOf } from "@/server/playbooks/guided/service-replicas";
import { allDown, type Outage, readOutages, readWatch, type Window } from "@/server/services/outages/outage-windows";

const hourMs = 3_600_000;
const watchedWithinMs = 15_000;

const utc = (at: number) => `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
const clock = (at: number) => `${new Date(at).toISOString().slice(11, 19)} UTC`;

/** "4 min 12 s". */
export function span(fromMs: number, toMs: number): string {
  const seconds = Math.max(0, Math.round((toMs - fromMs) / 1_000));
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return [h > 0 ? `${h} h` : "", h > 0 || m > 0 ? `${m} min` : "", `${s} s`].filter((part) => part !== "").join(" ");
}

/** One outage to the second, with the looks on either side of it. Pure. */
export function outageWords(
  { replica, readyUntil, downSince, downUntil, upSince, reason }: Outage,
  now: number,
): string {
  const before = readyUntil === null ? "never seen ready before" : `last ready ${clock(readyUntil)}`;
  const end =
    upSince === null
      ? `still down, for ${span(downSince, now)}`
      : `ready again ${clock(upSince)} (last down ${clock(downUntil)}), ${span(downSince, upSince)}`;
  return `${replica} down from ${utc(downSince)} (${before}), ${end}: ${reason}`;
}

const windowWords = (kind: string, { from, to }: Window, now: number) =>
  `no ${kind} ready from ${utc(from)} ${to === null ? `on, for ${span(from, now)}` : `to ${clock(to)}, ${span(from, to)}`}`;

/** When the service was away, as the console saw it itself; done when it is over. Gaps in which nobody looked are said. */
export async function outageMeasured(looking: Looking): Promise<Probed> {
  const replicas = replicasOf(looking);
  if (replicas.length === 0) return unknown("No address of this service is configured.");
  const since = new Date(looking.run.created_at.getTime() - hourMs);
  const [outages, { gaps, watchedUntil, now }] = await Promise.all([
    readOutages(
      looking.db,
      replicas.map(({ id }) => id),
      since,
    ),
    readWatch(looking.db, since),
  ]);
  if (watchedUntil === null || now - watchedUntil > watchedWithinMs)
    return unknown(
      watchedUntil === null
        ? "No console has looked at the replicas yet."
        : `No console has looked since ${utc(watchedUntil)}: what happened after that is not known.`,
    );
  const kinds = [...new Set(replicas.map(({ kind }) => kind))];
  const whole = kinds.flatMap((kind) => {
    const of = replicas.filter((one) => one.kind === kind).map(({ id }) => id);
    const theirs = outages.filter(({ replica }) => of.includes(replica));
    return allDown(theirs, of).map((window) => windowWords(kind, window, now));
  });
  const blind = gaps.map(({ from, to }) => `nobody looked from ${utc(from)} to ${clock(to)}, ${span(from, to)}`);
  const list = [...whole, ...outages.map((outage) => outageWords(outage, now)), ...blind];
  const text = list.join(". ").slice(0, 3_500);
  const figures = outages.slice(-100).map((outage) => ({
    name: `${outage.replica} down`,
    value: outage.upSince === null ? "still" : Math.round((outage.upSince - outage.downSince) / 1_000),
    ...(outage.upSince === null ? {} : { unit: "s" }),
    source: `${outage.replica} /ready, asked once a second`,
    at: new Date(outage.downSince).toISOString(),
  }));
  if (outages.some(({ upSince }) => upSince === null)) return { ...no(`Not over yet. ${text}.`), figures };
  return {
    ...yes(
      outages.length === 0
        ? `No replica was away since an hour before this run${blind.length === 0 ? "" : `. ${text}`}.`
        : `${text}.`,
    ),
    figures,
  };
}
