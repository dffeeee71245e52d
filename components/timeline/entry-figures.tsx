import { TimeStamp } from "@/components/lib/time-stamp";
import type { Figure } from "@/server/timeline/schemas";

/** Figures as they were read: each with what it was read from and when; without a time of its own it is the entry's. */
export function EntryFigures({ figures, at }: { figures: readonly Figure[]; at: string }) {
  if (figures.length === 0) return null;
  return (
    <dl className="mt-1 grid w-fit max-w-full grid-cols-[auto_auto] gap-x-3 gap-y-0.5 text-xs sm:grid-cols-[auto_auto_minmax(0,1fr)]">
      {figures.map((figure) => (
        <div key={`${figure.name} ${figure.source}`} className="contents">
          <dt className="text-muted-foreground">{figure.name}</dt>
          <dd className="text-right break-words tabular-nums">
            {figure.value ?? "cannot be told"}
            {figure.unit ? ` ${figure.unit}` : ""}
          </dd>
          <dd className="col-span-2 min-w-0 text-muted-foreground sm:col-span-1">
            read from <span className="font-mono break-all">{figure.source}</span>{" "}
            <TimeStamp at={figure.at ?? at} show="time" />
          </dd>
        </div>
      ))}
    </dl>
  );
}
