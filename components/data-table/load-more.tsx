"use client";

import { Button } from "@/components/ui/button";

/** The foot of a keyset list: how many rows are shown, and the next page if there is one. */
export function LoadMore({
  shown,
  one,
  many,
  query,
  note,
}: {
  shown: number;
  one: string; // what is listed: "zone", "zones"
  many: string;
  query: { readonly hasNextPage: boolean; readonly isFetchingNextPage: boolean; fetchNextPage(): unknown };
  note?: string | null;
}) {
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t px-3 py-2 text-muted-foreground">
      <p aria-live="polite">
        {shown.toLocaleString("en-GB")} {shown === 1 ? one : many} shown
        {query.hasNextPage ? ", there are more" : ", that is all"}
        {note ? ` · ${note}` : ""}
      </p>
      {query.hasNextPage ? (
        <Button
          size="sm"
          className="ml-auto"
          disabled={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {query.isFetchingNextPage ? "Loading" : "Load more"}
        </Button>
      ) : null}
    </div>
  );
}
