import Link from "next/link";
import { formatAge } from "@/components/lib/duration";
import { Panel } from "@/components/lib/panel";
import { SeverityMark } from "@/components/lib/severity-mark";
import { TimeStamp } from "@/components/lib/time-stamp";
import type { PostMortemFigures } from "@/server/post-mortem/schemas";
import type { Figure } from "@/server/timeline/schemas";

const grouped = new Intl.NumberFormat("en");

function shownValue({ value, unit }: Figure): string {
  if (value === null) return "not measured";
  if (typeof value === "string") return value;
  return unit === "s" ? formatAge(value * 1_000) : grouped.format(value);
}

/** What was measured: each figure with where it was read; proofs and outages beside it. */
export function Measured({ measured, incidentId }: { measured: PostMortemFigures; incidentId: string }) {
  return (
    <Panel title="Measured" note="up to the resolution">
      <dl className="grid grid-cols-[1fr_auto] gap-x-3 gap-y-1 px-3 py-3">
        {measured.figures.map((figure) => (
          <div key={figure.name} className="col-span-2 grid grid-cols-subgrid" title={`Read from ${figure.source}`}>
            <dt className="text-muted-foreground first-letter:uppercase">{figure.name}</dt>
            <dd className="text-right tabular-nums">{shownValue(figure)}</dd>
          </div>
        ))}
      </dl>
      {measured.outages.length === 0 ? null : (
        <ul className="flex flex-col gap-1 border-t px-3 py-3" aria-label="Outages">
          {measured.outages.map((outage) => (
            <li key={`${outage.what} ${outage.from}`}>
              <SeverityMark severity={outage.severity} /> {outage.what}: <TimeStamp at={outage.from} show="time" /> to{" "}
              {outage.until === null ? "not over" : <TimeStamp at={outage.until} show="time" />}
            </li>
          ))}
        </ul>
      )}
      {measured.proofs.length === 0 ? null : (
        <ul className="flex flex-col gap-1 border-t px-3 py-3" aria-label="Proofs">
          {measured.proofs.map((run) => (
            <li key={run.runId}>
              <Link href={`/playbooks/runs/${run.runId}`} className="text-accent underline underline-offset-2">
                {run.title}
              </Link>
              <span className="block text-muted-foreground">{run.summary}</span>
            </li>
          ))}
        </ul>
      )}
      <p className="border-t px-3 py-2">
        <Link href={`/incidents/${incidentId}`} className="text-accent underline underline-offset-2">
          The timeline it was read from
        </Link>
      </p>
    </Panel>
  );
}
