import type { Board } from "@/server/incidents/schemas";

export type BoardChanges = {
  readonly incidents: readonly string[]; // ids that came, moved on or left
  readonly approvals: readonly string[];
};

function changed<Item>(
  before: readonly Item[],
  after: readonly Item[],
  id: (item: Item) => string,
  mark: (item: Item) => string,
) {
  const marks = new Map(before.map((item) => [id(item), mark(item)]));
  const ids = after.filter((item) => marks.get(id(item)) !== mark(item)).map(id);
  const left = new Set(after.map(id));
  return [...ids, ...before.map(id).filter((known) => !left.has(known))];
}

/** What is different between two boards: only that is asked for again. */
export function boardChanges(before: Board, after: Board): BoardChanges {
  return {
    incidents: changed(
      before.incidents,
      after.incidents,
      (item) => item.id,
      (item) =>
        `${item.seq} ${item.updatedAt} ${item.openSignals} ${item.nextClock?.state ?? ""} ${item.nextClock?.dueAt ?? ""}`,
    ),
    approvals: changed(
      before.approvals,
      after.approvals,
      (item) => item.id,
      (item) => `${item.revision} ${item.state}`,
    ),
  };
}
