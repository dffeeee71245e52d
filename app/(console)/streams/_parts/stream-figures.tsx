import { NumberCell } from "@/components/lib/number-cell";
import { fileSize } from "@/components/incidents/file-size";
import type { StreamState } from "@/server/live/snapshot";
import { boundWords } from "./bound-words";

const rounded = (rate: number | null) => (rate === null ? null : Math.round(rate * 100) / 100);

/** Entries, bytes, rates in and out, and the bound of a stream in one line; a drift from the meant bound is said in words. */
export function StreamFigures({ stream }: { stream: StreamState }) {
  const bound = boundWords(stream);
  return (
    <span className="text-xs text-muted-foreground">
      <span className="whitespace-nowrap">
        <NumberCell
          value={stream.length}
          unit={stream.length === 1 ? "entry" : "entries"}
          className="text-foreground"
        />
        {stream.bytes === null ? null : ` · ${fileSize(stream.bytes)}`}
      </span>
      <span className="whitespace-nowrap" title="Entries added, and trimmed or deleted, each second">
        {" · in "}
        <NumberCell value={rounded(stream.perSecond)} className="min-w-8" unit="/s" />
        {stream.removedPerSecond === null || stream.removedPerSecond === 0 ? null : (
          <>
            {" · out "}
            <NumberCell value={rounded(stream.removedPerSecond)} className="min-w-8" unit="/s" />
          </>
        )}
      </span>
      {bound === null ? null : (
        <span title={bound.meaning}>
          {" · "}
          <span className={bound.drift ? "font-semibold text-foreground" : undefined}>{bound.text}</span>
        </span>
      )}
    </span>
  );
}
