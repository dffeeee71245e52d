import Link from "next/link";
import { incidentHref, incidentName } from "@/components/incidents/incident-words";
import { SeverityMark } from "@/components/lib/severity-mark";
import { TimeStamp } from "@/components/lib/time-stamp";
import type { Signal } from "@/server/live/snapshot";
import type { SignalMark } from "./signal-marks";

/** Signals that somebody folded away: counted on one line, with who, why and until when. */
export function SnoozedSignals({
  signals,
  marks,
}: {
  signals: readonly Signal[];
  marks: ReadonlyMap<string, SignalMark>;
}) {
  if (signals.length === 0) return null;
  return (
    <details className="border-t px-3 py-2" data-testid="snoozed">
      <summary className="cursor-pointer text-muted-foreground">Snoozed ({signals.length})</summary>
      <ul className="mt-1 flex flex-col gap-1">
        {signals.map((signal) => {
          const mark = marks.get(signal.key);
          const snoozed = mark?.snoozed ?? null;
          return (
            <li key={signal.key} className="flex flex-wrap items-baseline gap-x-2">
              <SeverityMark severity={signal.severity} />
              <span className="min-w-0 break-words">{signal.sentence}</span>
              {mark?.incident ? (
                <Link
                  href={incidentHref(mark.incident.id)}
                  className="text-accent underline underline-offset-2 hover:no-underline"
                >
                  {incidentName(mark.incident.number)}
                </Link>
              ) : null}
              {snoozed === null ? null : (
                <span className="text-xs text-muted-foreground">
                  by {snoozed.by} until <TimeStamp at={snoozed.until} />: {snoozed.reason}
                </span>
              )}
            </li>
          );
        })}
      </ul>
    </details>
  );
}
