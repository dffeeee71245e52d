/** What every row of a job has that somebody ordered over one zone or all. */
export type OrderedRow = {
  readonly id: string;
  readonly zone_id: string | null;
  readonly zone_name: string | null;
  readonly phase: string;
  readonly done: string;
  readonly requested_by_name: string;
  readonly requested_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly cancel_asked_by: string | null;
  readonly error: string | null;
};

/** The same as it is shown. */
export type OrderedView = {
  readonly id: string;
  readonly zone: { readonly id: string; readonly name: string } | null; // null: every zone
  readonly phase: string;
  readonly done: number; // of the phase that it is in
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly cancelAsked: boolean;
  readonly error: string | null; // why it does not get on just now
};

export const orderedView = (row: OrderedRow): OrderedView => ({
  id: row.id,
  zone: row.zone_id === null ? null : { id: row.zone_id, name: row.zone_name ?? row.zone_id },
  phase: row.phase,
  done: Number(row.done),
  requestedBy: row.requested_by_name,
  requestedAt: row.requested_at.toISOString(),
  startedAt: row.started_at?.toISOString() ?? null,
  finishedAt: row.finished_at?.toISOString() ?? null,
  cancelAsked: row.cancel_asked_by !== null,
  error: row.error,
});
