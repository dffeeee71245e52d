"use client";

import { Button } from "@/components/ui/button";

/** Forward paging by key: the browser's own back goes back. `next` null: this is the end. */
export function Pager({
  count,
  next,
  atStart,
  nextLabel,
  startLabel,
  onNext,
  onStart,
}: {
  count: string;
  next: string | null;
  atStart: boolean;
  nextLabel: string;
  startLabel: string;
  onNext: (from: string) => void;
  onStart: () => void;
}) {
  return (
    <div className="flex flex-wrap items-center gap-2 border-t px-3 py-2 text-xs text-muted-foreground">
      <span className="mr-auto">{count}</span>
      {atStart ? null : (
        <Button size="sm" onClick={onStart}>
          {startLabel}
        </Button>
      )}
      <Button size="sm" disabled={next === null} onClick={() => next !== null && onNext(next)}>
        {nextLabel}
      </Button>
    </div>
  );
}
