import { Panel } from "@/components/lib/panel";
import { SeverityMark } from "@/components/lib/severity-mark";
import { Sparkline } from "@/components/lib/sparkline";
import { TimeStamp } from "@/components/lib/time-stamp";
import type { IncidentSignal } from "@/server/incidents/schemas";

function Readings({ signal }: { signal: IncidentSignal }) {
  const points = signal.readings.map(([at, value]) => [Date.parse(at), value] as const);
  const [first, last] = [points[0]?.[0], points.at(-1)?.[0]];
  if (first === undefined || last === undefined || points.length < 2) return null;
  const minutes = Math.max(1, Math.ceil((last - first) / 60_000));
  return <Sparkline series={{ key: signal.key, points }} until={last} minutes={minutes} label={signal.sentence} />;
}

/** The signals of the incident, open ones first, each with its numbers over time and what they were read from. */
export function SignalsPanel({ signals }: { signals: readonly IncidentSignal[] }) {
  return (
    <Panel
      title="Signals"
      state={signals.length === 0 ? { kind: "empty", sentence: "No signal belongs to this incident." } : undefined}
    >
      <ul>
        {signals.map((signal) => (
          <li key={`${signal.key} ${signal.firedAt}`} className="border-b px-3 py-2 last:border-0">
            <div className="flex items-start gap-2">
              <SeverityMark severity={signal.severity} />
              <span className="min-w-0 flex-1 break-words">{signal.sentence}</span>
              <Readings signal={signal} />
            </div>
            <div className="text-xs text-muted-foreground">
              since <TimeStamp at={signal.beganAt} />
              {signal.clearedAt === null ? null : (
                <>
                  {" "}
                  · cleared <TimeStamp at={signal.clearedAt} show="time" />
                </>
              )}
              {signal.ackedBy === null ? null : ` · acknowledged by ${signal.ackedBy}`}
            </div>
            {signal.figures.length > 0 ? (
              <dl className="mt-1 text-xs">
                {signal.figures.map((figure) => (
                  <div key={figure.name} className="flex flex-wrap gap-x-2">
                    <dt className="text-muted-foreground">{figure.name}</dt>
                    <dd className="tabular-nums">
                      {figure.value}
                      {figure.unit ? ` ${figure.unit}` : ""}
                    </dd>
                    <dd className="font-mono break-all text-muted-foreground">{figure.source}</dd>
                  </div>
                ))}
              </dl>
            ) : null}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
