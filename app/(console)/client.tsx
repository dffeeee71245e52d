"use client";

import { ChartPanel } from "@/components/charts/chart-panel";
import { perMinute } from "@/components/charts/counter-rate";
import { useHistory, useSnapshot } from "@/components/live/live-hooks";
import { nowCharts } from "./_now/chart-lines";
import { streamLengthKey } from "./_now/series-keys";
import { ServicesPanel } from "./_now/services-panel";
import { SignalList } from "./_now/signal-list";
import { StreamsSummary } from "./_now/streams-summary";

/** What is wrong now, worst first; below it the figures it is read from. */
export function NowClient() {
  const snapshot = useSnapshot();
  const charts = nowCharts(snapshot);
  const history = useHistory([
    ...charts.flatMap((chart) => chart.lines.map((line) => line.key)),
    ...snapshot.streams.map((stream) => streamLengthKey(stream.name)),
  ]);
  return (
    <div className="flex flex-col gap-4">
      <h1 className="sr-only">Now</h1>
      <SignalList />
      <div className="grid items-start gap-4 xl:grid-cols-2">
        <ServicesPanel />
        <StreamsSummary history={history} />
      </div>
      <div className="grid gap-4 md:grid-cols-2 2xl:grid-cols-4">
        {charts.map((chart) => (
          <ChartPanel
            key={chart.id}
            title={chart.title}
            unit={chart.unit}
            lines={chart.lines}
            absent={chart.absent}
            until={snapshot.at}
            history={chart.counter ? new Map([...history].map(([key, series]) => [key, perMinute(series)])) : history}
          />
        ))}
      </div>
    </div>
  );
}
