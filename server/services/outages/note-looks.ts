/** One replica asked once: when, and whether it answered ready. */
export type Look = { readonly replica: string; readonly at: number; readonly ready: boolean; readonly reason: string };

/** Looks in a row that said the same. `at` and `last` are epoch ms of the asking, so that a slow answer moves nothing. */
export type Span = {
  readonly replica: string;
  readonly ready: boolean;
  readonly from: number;
  readonly last: number;
  readonly reason: string;
  readonly lastReason: string;
};

const most = 2_000; // spans that wait while our own database is away; older ones are given up and become a gap

/** Spans after one more look, in the order in which they began. Pure. */
export function noteLook(spans: readonly Span[], { replica, at, ready, reason }: Look): readonly Span[] {
  const before = spans.findLast((span) => span.replica === replica);
  if (before !== undefined && before.ready === ready)
    return spans.map((span) => (span === before ? { ...span, last: at, lastReason: reason } : span));
  return [...spans, { replica, ready, from: at, last: at, reason, lastReason: reason }].slice(-most);
}
