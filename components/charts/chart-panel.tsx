"use client";

import dynamic from "next/dynamic";
import { lineLook } from "@/components/charts/chart-dashes";
import { type ChartLine, lineChartData } from "@/components/charts/line-chart-data";
import { NumberCell } from "@/components/lib/number-cell";
import { Panel } from "@/components/lib/panel";
import type { Series } from "@/server/live/snapshot";

const LineChart = dynamic(() => import("@/components/charts/line-chart").then((module) => module.LineChart), {
  ssr: false,
  loading: () => <div className="h-[140px]" />,
});

/** A chart of up to four lines with its figures as a list: the list is the legend, and what a screen reader gets. */
export function ChartPanel({
  title,
  unit,
  lines,
  history,
  until,
  minutes = 15,
  absent,
}: {
  title: string;
  unit: string;
  lines: readonly ChartLine[];
  history: ReadonlyMap<string, Series>;
  until: number;
  minutes?: number;
  absent: string;
}) {
  const data = lineChartData(lines.slice(0, 4), history, until, minutes);
  return (
    <Panel
      title={title}
      note={`last ${minutes} min`}
      state={lines.length === 0 ? { kind: "empty", sentence: absent } : { kind: "live" }}
    >
      <div aria-hidden="true" className="h-[140px] pt-1">
        {data.empty ? (
          <p className="flex h-full items-center justify-center text-muted-foreground">No figures yet</p>
        ) : (
          <LineChart data={data} unit={unit} />
        )}
      </div>
      <ul
        aria-label={`${title}, now and highest of the last ${minutes} minutes`}
        className="border-t px-3 py-1.5 text-xs"
      >
        {data.lines.map((line) => (
          <li key={line.key} className="flex items-center gap-2">
            <svg aria-hidden="true" width="20" height="4" className="shrink-0">
              <line x1="0" x2="20" y1="2" y2="2" strokeWidth="1.5" {...lineLook(line.index)} />
            </svg>
            <span className="min-w-0 flex-1 truncate" title={line.label}>
              {line.label}
            </span>
            <NumberCell value={line.last} unit={unit} />
            <span className="w-24 text-right whitespace-nowrap text-muted-foreground">
              highest <NumberCell value={line.max} />
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
