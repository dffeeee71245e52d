import type { Finding } from "@/server/detection/facts";
import { severities } from "@/server/platform/severity";
import type { Signal } from "@/server/live/snapshot";

type Tracked = { finding: Finding; firstSeen: number; lastSeen: number };

export type SignalTracker = {
  /** Turns what the rules found now into rows of "Now", worst first. `sourceOk` tells which sources still answer. */
  update(findings: readonly Finding[], now: number, sourceOk: (id: string) => boolean): readonly Signal[];
};

/** Remembers since when each finding is true: shows it once it held, keeps it a little after it went, marks it when its source stopped answering. */
export function createSignalTracker(): SignalTracker {
  const tracked = new Map<string, Tracked>();
  return {
    update(findings, now, sourceOk) {
      for (const finding of findings) {
        const before = tracked.get(finding.key);
        tracked.set(finding.key, { finding, firstSeen: before?.firstSeen ?? now, lastSeen: now });
      }
      const signals: Signal[] = [];
      for (const [key, { finding, firstSeen, lastSeen }] of tracked) {
        if (lastSeen < now) {
          const held = lastSeen - firstSeen >= (finding.holdMs ?? 0);
          if (!held || now - lastSeen > (finding.settleMs ?? 0)) {
            tracked.delete(key);
            continue;
          }
        } else if (now - firstSeen < (finding.holdMs ?? 0)) continue;
        signals.push(toSignal(finding, firstSeen, !sourceOk(finding.source)));
      }
      return signals.sort(worstFirst);
    },
  };
}

function toSignal(finding: Finding, firstSeen: number, stale: boolean): Signal {
  const { source: _source, holdMs: _hold, settleMs: _settle, ...shown } = finding;
  return {
    ...shown,
    since: finding.since ?? firstSeen,
    series: finding.series ?? null,
    noise: finding.noise ?? null,
    declaredBy: finding.declaredBy ?? null,
    stale,
  };
}

/** Known noise last, then by severity, then the oldest, then by key so that rows do not jump. */
function worstFirst(a: Signal, b: Signal): number {
  return (
    Number(a.noise !== null) - Number(b.noise !== null) ||
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    a.since - b.since ||
    (a.key < b.key ? -1 : 1)
  );
}
