import type { z } from "zod";
import { actOnIncident, type IncidentContext } from "@/server/incidents/act-on-incident";
import { isOver } from "@/server/incidents/incident.machine";
import type { Collector } from "@/server/live/collector";
import { seriesValues } from "@/server/live/series-values";
import { DomainError } from "@/server/platform/errors";
import { seriesLabel } from "@/server/live/series.catalogue";
import { mostWatches, type pinFigureInput, type unpinFigureInput } from "@/server/watches/schemas";
import { requireVisible } from "@/server/incidents/visible-to";

type Context = IncidentContext & { readonly collector: Pick<Collector, "snapshot" | "history"> };
const memoryMinutes = 60;

/**
 * Has the console watch a figure for an incident from now on; what the collector still remembers of it comes along. Of two clicks
 * at once one pins. @throws not_found (incident, or a figure that nobody samples), conflict, precondition_failed
 */
export async function pinFigure({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof pinFigureInput>;
}): Promise<{ readonly watchId: string }> {
  const { collector, actor } = ctx;
  await requireVisible(ctx.db, actor, input.incidentId);
  const current = seriesValues(collector.snapshot());
  if (!current.has(input.series))
    throw new DomainError("not_found", "Nobody samples this figure just now. It may be gone, or not seen yet.");
  const label = seriesLabel(input.series);
  const points = collector.history([input.series], memoryMinutes)[0]?.points ?? [];
  return actOnIncident(ctx, input.incidentId, async (tx, incident) => {
    if (isOver(incident.state))
      throw new DomainError(
        "precondition_failed",
        `INC-${incident.number} is ${incident.state}: nothing is recorded for it.`,
      );
    const [counted] = await tx.query<{ open: number }>(
      "SELECT count(*)::int AS open FROM incident_watches WHERE incident_id = $1 AND unpinned_at IS NULL",
      [incident.id],
    );
    if ((counted?.open ?? 0) >= mostWatches)
      throw new DomainError("precondition_failed", `${mostWatches} figures are watched already: unpin one first.`);
    const [row] = await tx.query<{ id: string }>(
      `INSERT INTO incident_watches (incident_id, series, label, pinned_by_id, pinned_by_name) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (incident_id, series) WHERE unpinned_at IS NULL DO NOTHING RETURNING id`,
      [incident.id, input.series, label, actor.id, actor.name],
    );
    if (row === undefined) throw new DomainError("conflict", `INC-${incident.number} watches this already.`);
    await tx.query(
      `INSERT INTO incident_watch_samples (watch_id, at, value)
       SELECT $1, to_timestamp((p->>0)::float8 / 1000), (p->>1)::float8 FROM json_array_elements($2::json) AS p ON CONFLICT DO NOTHING`,
      [row.id, JSON.stringify(points)],
    );
    const value = current.get(input.series) ?? null;
    return {
      result: { watchId: row.id },
      entries: [
        {
          kind: "incident.watching",
          summary: `${actor.name} has the console watch ${label}: ${value === null ? "no value just now" : `${value.toLocaleString("en-US")} now`}`,
          details: { figures: [{ name: label, value, source: input.series }], refs: { watch: row.id } },
        },
      ],
    };
  });
}

/** Ends the recording of a figure; what was recorded stays. @throws not_found, conflict */
export async function unpinFigure({
  ctx,
  input,
}: {
  ctx: IncidentContext;
  input: z.output<typeof unpinFigureInput>;
}): Promise<{ readonly label: string }> {
  const { db, actor } = ctx;
  const [watch] = await db.query<{ incident_id: string; label: string }>(
    "SELECT incident_id, label FROM incident_watches WHERE id = $1",
    [input.watchId],
  );
  if (watch === undefined) throw new DomainError("not_found", "There is no such watch, or it is not open to you.");
  await requireVisible(db, actor, watch.incident_id);
  return actOnIncident(ctx, watch.incident_id, async (tx) => {
    const rows = await tx.query(
      `UPDATE incident_watches SET unpinned_at = clock_timestamp(), unpinned_by_id = $2, unpinned_by_name = $3
        WHERE id = $1 AND unpinned_at IS NULL RETURNING 1`,
      [input.watchId, actor.id, actor.name],
    );
    if (rows.length === 0) throw new DomainError("conflict", "It is not watched any more.");
    return {
      result: { label: watch.label },
      entries: [
        {
          kind: "incident.watched",
          summary: `${actor.name} ended the watch of ${watch.label}; what was recorded stays`,
          details: { refs: { watch: input.watchId } },
        },
      ],
    };
  });
}
