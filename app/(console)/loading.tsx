/** First load of a page: its place is kept, nothing pretends to be a figure. */
export default function Loading() {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-3">
      <div className="h-6 w-48 animate-pulse rounded-sm bg-muted" />
      <div className="h-40 animate-pulse rounded-lg bg-muted" />
      <div className="h-40 animate-pulse rounded-lg bg-muted" />
    </div>
  );
}
