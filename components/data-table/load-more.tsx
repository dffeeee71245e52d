"use client";

import { Button } from "@/components/ui/button";

/** The foot of a keyset list: how many rows are shown, and the next page if there is one. */
export function LoadMore({
  shown,
  noun,
  hasMore,
  loading,
  onMore,
  note,
}: {
  shown: number;
  noun: string;
  hasMore: boolean;
  loading: boolean;
  onMore: () => void;
  note?: string | null;
}) {
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t px-3 py-2 text-muted-foreground">
      <p aria-live="polite">
        {shown.toLocaleString("en-GB")} {noun} shown{hasMore ? ", there are more" : ", that is all"}
        {note ? ` · ${note}` : ""}
      </p>
      {hasMore ? (
        <Button size="sm" className="ml-auto" disabled={loading} onClick={onMore}>
          {loading ? "Loading" : "Load more"}
        </Button>
      ) : null}
    </div>
  );
}
