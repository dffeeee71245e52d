"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import { barSentence, pieceWords, zoomed } from "@/components/audit/bar-model";
import { cn } from "@/components/lib/cn";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Button } from "@/components/ui/button";
import type { CheckedZone, PieceState } from "@/server/audit/checks/schemas";

const number = (value: number) => value.toLocaleString("en-US");
type Range = { readonly from: number; readonly to: number };

/** Told apart by height and pattern as well as by colour: bad pieces stand taller. */
const looks: Readonly<Record<PieceState, string>> = {
  proved: "h-3 bg-ok",
  "not provable": "h-3 bg-muted-foreground",
  retention: "h-3 border border-dashed border-border-strong",
  "not yet checked": "h-3 bg-muted",
  tampered: "h-6 bg-p2",
  missing: "h-6 border-2 border-p1 bg-[repeating-linear-gradient(135deg,var(--p1)_0_2px,transparent_2px_5px)]",
};

/** One zone's chain from its oldest to its newest seq. Drag to zoom; with the keyboard: plus and minus zoom, arrows move, Enter opens the first bad row. */
export function ZoneBarView({ zone }: { zone: CheckedZone }) {
  const trpc = useTRPC();
  const router = useRouter();
  const [range, setRange] = useState<Range | null>(null);
  const [drag, setDrag] = useState<Range | null>(null); // in parts of the bar, from 0 up to 1
  const box = useRef<HTMLDivElement>(null);
  const query = useQuery(
    trpc.audit.zoneBar.queryOptions(
      { zoneId: zone.zone.id, from: range?.from, to: range?.to },
      { placeholderData: keepPreviousData, refetchInterval: 30_000 },
    ),
  );
  const bar = query.data;
  const bad = bar?.firstBad ?? null;
  const badHref = bad === null ? null : `/audit/checks/${bad.checkId}?finding=${bad.n}`;
  const partAt = (event: PointerEvent) => {
    const { left = 0, width = 1 } = box.current?.getBoundingClientRect() ?? {};
    return Math.min(1, Math.max(0, (event.clientX - left) / width));
  };
  const zoomTo = (part: Range) => {
    if (bar !== undefined) setRange(zoomed(bar, part));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Readonly<Record<string, Range>> = {
      "+": { from: 0.25, to: 0.75 },
      "-": { from: -0.5, to: 1.5 },
      ArrowLeft: { from: -0.25, to: 0.75 },
      ArrowRight: { from: 0.25, to: 1.25 },
    };
    const step = steps[event.key];
    if (event.key === "Enter" && badHref !== null) router.push(badHref);
    else if (event.key === "Escape" || event.key === "0") setRange(null);
    else if (step !== undefined) zoomTo(step);
    else return;
    event.preventDefault();
  };
  return (
    <div className="flex min-w-0 flex-col gap-1">
      {query.isError && bar === undefined ? <p role="alert">{reasonOf(query.error)}</p> : null}
      <div
        ref={box}
        role="slider"
        tabIndex={0}
        aria-label={`Chain of ${zone.zone.name}`}
        aria-valuemin={bar?.first ?? zone.oldest}
        aria-valuemax={bar?.last ?? zone.newest}
        aria-valuenow={bar?.from ?? zone.oldest}
        aria-valuetext={bar === undefined ? "Loading" : barSentence(bar)}
        title="Drag to zoom. Keys: + − ← → zoom and move, Enter opens the first bad row, Esc shows all."
        onKeyDown={onKeyDown}
        onPointerDown={(event) => setDrag({ from: partAt(event), to: partAt(event) })}
        onPointerMove={(event) => drag !== null && setDrag({ ...drag, to: partAt(event) })}
        onPointerLeave={() => setDrag(null)}
        onPointerUp={() => {
          if (drag !== null && Math.abs(drag.to - drag.from) > 0.01)
            zoomTo({ from: Math.min(drag.from, drag.to), to: Math.max(drag.from, drag.to) });
          setDrag(null);
        }}
        className="relative flex h-7 cursor-crosshair touch-none items-end rounded-sm select-none focus-visible:outline-2 focus-visible:outline-ring"
      >
        {(bar?.pieces ?? []).map((piece) => (
          <span
            key={piece.from}
            className={cn("min-w-px flex-1", looks[piece.state])}
            title={`${pieceWords[piece.state]}: seq ${number(piece.from)}${piece.to === piece.from ? "" : ` to ${number(piece.to)}`}${piece.bad === 0 ? "" : `, ${number(piece.bad)} findings`}`}
          />
        ))}
        {drag === null ? null : (
          <span
            aria-hidden
            className="pointer-events-none absolute inset-y-0 border border-accent bg-accent-soft opacity-70"
            style={{
              left: `${Math.min(drag.from, drag.to) * 100}%`,
              width: `${Math.abs(drag.to - drag.from) * 100}%`,
            }}
          />
        )}
      </div>
      <div className="flex flex-wrap items-baseline gap-x-3 text-xs text-muted-foreground">
        <span className="tabular-nums">
          seq {number(bar?.from ?? zone.oldest)} to {number(bar?.to ?? zone.newest)}
        </span>
        {range === null ? null : (
          <Button size="sm" onClick={() => setRange(null)}>
            Show all
          </Button>
        )}
        {badHref === null || bad === null ? null : (
          <Link href={badHref} className="font-medium text-p1 underline underline-offset-2">
            First bad row: seq {number(bad.seq)}
          </Link>
        )}
      </div>
    </div>
  );
}
