import { NumberCell } from "@/components/lib/number-cell";
import type { StreamState } from "@/server/live/snapshot";

const count = new Intl.NumberFormat("en");

/** Entries, rate and meant bound of a stream in one line; over the bound is said in words. */
export function StreamFigures({ stream }: { stream: StreamState }) {
  const over = stream.bound !== null && stream.length > stream.bound;
  return (
    <span className="text-xs whitespace-nowrap text-muted-foreground">
      <NumberCell value={stream.length} unit={stream.length === 1 ? "entry" : "entries"} className="text-foreground" />
      {" · "}
      <NumberCell
        value={stream.perSecond === null ? null : Math.round(stream.perSecond * 100) / 100}
        className="min-w-8"
        unit="/s"
      />
      {stream.bound === null ? null : (
        <>
          {" · "}
          <span className={over ? "font-semibold text-foreground" : undefined}>
            {over ? "over its bound of " : "bound "}
            {count.format(stream.bound)}
          </span>
        </>
      )}
    </span>
  );
}
