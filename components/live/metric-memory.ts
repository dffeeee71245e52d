import type { Snapshot } from "@/server/live/snapshot";

type Metrics = Readonly<Record<string, number>>;
type Mark = { readonly at: number; readonly replicas: ReadonlyMap<string, Metrics> };
export type Movement = { readonly metric: string; readonly by: number };

const windowMs = 5 * 60_000;
const apartMs = 30_000;

/** What each replica counted over the last five minutes that this tab has seen: a mark every half minute, no more. */
export class MetricMemory {
  private marks: readonly Mark[] = [];

  /** Notes a snapshot; older marks than the window are dropped, but one at its edge is kept. */
  take(snapshot: Snapshot): void {
    const last = this.marks.at(-1);
    if (last !== undefined && snapshot.at - last.at < apartMs) return;
    const mark = {
      at: snapshot.at,
      replicas: new Map(snapshot.replicas.map((replica) => [replica.id, replica.metrics])),
    };
    const kept = this.marks.filter((_, index) => {
      const next = this.marks[index + 1];
      return next === undefined || next.at > snapshot.at - windowMs;
    });
    this.marks = [...kept, mark];
  }

  /** Since when movements are told, epoch ms; null before the first snapshot. */
  since(): number | null {
    return this.marks[0]?.at ?? null;
  }

  /** Figures of one replica that changed since then. A counter that fell restarted from 0, so all of it is new (trap 15). */
  moved(replicaId: string, now: Metrics): readonly Movement[] {
    const before = this.marks[0]?.replicas.get(replicaId);
    if (before === undefined) return [];
    return Object.entries(now).flatMap(([metric, value]) => {
      const was = before[metric];
      if (was === undefined || was === value) return [];
      return [{ metric, by: value > was ? value - was : value }];
    });
  }
}
