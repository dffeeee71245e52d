"use client";

import { CartesianGrid, Line, LineChart as Chart, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { countTicks, minuteTicks } from "@/components/charts/axis-ticks";
import { lineLook } from "@/components/charts/chart-dashes";
import type { LineChartData } from "@/components/charts/line-chart-data";
import { utcClock } from "@/components/lib/utc";

const count = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** Draws what lineChartData prepared, and decides nothing. The table beside it says the same to a screen reader. */
export function LineChart({ data, unit }: { data: LineChartData; unit: string }) {
  const counts = countTicks(Math.max(0, ...data.lines.map((line) => line.max ?? 0)));
  return (
    <ResponsiveContainer width="100%" height={140}>
      <Chart data={[...data.rows]} margin={{ top: 6, right: 16, bottom: 0, left: 0 }} accessibilityLayer={false}>
        <CartesianGrid stroke="var(--border)" vertical={false} />
        <XAxis
          dataKey="at"
          type="number"
          scale="time"
          domain={[data.from, data.until]}
          tickFormatter={(at: number) => utcClock(at).slice(0, 5)}
          tick={{ fill: "var(--muted-foreground)", fontSize: 11 }}
          stroke="var(--border-strong)"
          ticks={[...minuteTicks(data.from, data.until)]}
          interval={0}
        />
        <YAxis
          width={40}
          allowDecimals={false}
          domain={[0, counts.at(-1) ?? 1]}
          tickFormatter={(value: number) => compact.format(value)}
          tick={{ fill: "var(--muted-foreground)", fontSize: 11 }}
          stroke="var(--border-strong)"
          ticks={[...counts]}
          interval={0}
        />
        <Tooltip
          isAnimationActive={false}
          labelFormatter={(at) => `${utcClock(Number(at))} UTC`}
          formatter={(value, name) => [`${count.format(Number(value))} ${unit}`, name]}
          contentStyle={{
            background: "var(--popover)",
            border: "1px solid var(--border)",
            borderRadius: 4,
            fontSize: 12,
            padding: "4px 8px",
          }}
          itemStyle={{ color: "var(--foreground)", padding: 0 }}
          labelStyle={{ color: "var(--muted-foreground)" }}
        />
        {data.lines.map((line) => (
          <Line
            key={line.key}
            dataKey={`v${line.index}`}
            name={line.label}
            {...lineLook(line.index)}
            strokeWidth={1.5}
            dot={false}
            activeDot={{ r: 3 }}
            connectNulls={false}
            isAnimationActive={false}
            type="linear"
          />
        ))}
      </Chart>
    </ResponsiveContainer>
  );
}
