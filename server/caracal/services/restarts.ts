type Metrics = Readonly<Record<string, number>>;

/** Counts that only ever rise while a process lives. The tamper_* figures and gauges may fall by themselves. */
const counter =
  /(^|\.)(requests_(total|allowed|denied)|denials_\w+|sts_exchange_errors|upstream_errors|graph_traversals|graph_traversal_errors|audit_dropped|audit_replay_replayed|audit_sink_errors|eval_total|eval_errors|eval_duration_ns|compile_total|compile_duration_ns|inserts_total|export_events_total|export_errors_total|parse_errors_total|dlq_total|retries_total|hmac_failures_total)$/;

export const isCounter = (name: string): boolean => counter.test(name);

/** The counters that fell between two readings of the same replica: any one means that its process was restarted (trap 15). */
export function droppedCounters(before: Metrics, after: Metrics): readonly string[] {
  return Object.keys(before).filter((name) => {
    const [was, is] = [before[name], after[name]];
    return was !== undefined && is !== undefined && is < was && isCounter(name);
  });
}
