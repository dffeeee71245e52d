/** One entry of a stream as it is recorded: its id, and its fields. */
export type StreamEntry = { readonly id: string; readonly fields: Readonly<Record<string, string>> };

/**
 * The ids of events that a dead letter keeps from being rows: src_id holds the event's own id when the source had one (trap 12). None of
 * `tamper_on_replay`: ingestion found the row.
 */
export function deadIds({ fields }: StreamEntry): string[] {
  if (fields.reason?.startsWith("tamper_on_replay")) return [];
  const ids = [fields.src_id ?? ""];
  try {
    const { id } = JSON.parse(fields.src_data ?? "null") as { id?: unknown };
    if (typeof id === "string") ids.push(id);
  } catch {
    // what was no JSON has no id of its own
  }
  return ids.filter((id) => id !== "");
}
