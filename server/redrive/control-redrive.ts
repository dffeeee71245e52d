import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import { type Database, isUniqueViolation, type Queryable } from "@/server/platform/postgres";
import { runEntry } from "@/server/redrive/run-entry";
import { loadVisibleRun, type RunRow } from "@/server/redrive/run-rows";
import type { rateInput, runInput } from "@/server/redrive/schemas";

type Context = { readonly db: Database; readonly actor: Actor };
type Given = { ctx: Context; input: z.output<typeof runInput> };

/** One conditional change of a run and its sentence on the record. @throws not_found, conflict when the change did not apply */
async function change(
  { ctx: { db, actor }, input }: Given,
  sql: string,
  params: readonly unknown[],
  what: string,
  sentence: (run: RunRow) => string,
  refusal: string,
): Promise<void> {
  await loadVisibleRun(db, actor, input.runId);
  await db.transaction(async (tx: Queryable) => {
    const [run] = await tx.query<RunRow>(`${sql} RETURNING *`, [input.runId, ...params]);
    if (run === undefined) throw new DomainError("conflict", refusal);
    await runEntry(tx, run, what, sentence(run), actor, {
      figures: [
        { name: "added", value: run.added, source: run.target },
        { name: "retired", value: run.retired, source: run.stream },
        { name: "failed", value: run.failed, source: run.stream },
      ],
    });
  });
}

/** Changes how many entries a second are added, from the next batch on. @throws not_found, conflict when it is over */
export const setRate = ({ ctx, input }: { ctx: Context; input: z.output<typeof rateInput> }): Promise<void> =>
  change(
    { ctx, input },
    "UPDATE redrive_runs SET rate = $2 WHERE id = $1 AND state IN ('running', 'paused') AND kind = 'redrive'",
    [input.rate],
    "rate-changed",
    () =>
      `${ctx.actor.name} set the rate of the redrive to ${input.rate === null ? "as fast as ingestion allows" : `${input.rate} a second`}`,
    "The redrive is over.",
  );

/** Stops adding; what is on its way is still confirmed and retired. @throws not_found, conflict when it is not running */
export const pauseRedrive = ({ ctx, input }: Given): Promise<void> =>
  change(
    { ctx, input },
    "UPDATE redrive_runs SET state = 'paused', paused_by = $2, pause_reason = 'Paused by hand.' WHERE id = $1 AND state = 'running'",
    [ctx.actor.name],
    "paused",
    () => `${ctx.actor.name} paused the redrive`,
    "It is not running.",
  );

/**
 * Goes on where it stopped, after a pause or after it was cancelled: the frozen list and its archive are the same. A canary that had not
 * passed goes first once more, with the next letters.
 * @throws not_found, conflict when it runs or is finished, or when another run of the stream is open
 */
export async function resumeRedrive(given: Given): Promise<void> {
  try {
    await change(
      given,
      `UPDATE redrive_runs SET state = 'running', paused_by = NULL, pause_reason = NULL, failed_before = failed, canary_from = added, finished_at = NULL, cancel_asked_by = NULL, heartbeat_at = 'epoch'
        WHERE id = $1 AND (state = 'paused' OR (state = 'cancelled' AND digest IS NOT NULL AND kind = 'redrive'))`,
      [],
      "resumed",
      () => `${given.ctx.actor.name} resumed the redrive`,
      "It is neither paused nor cancelled.",
    );
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new DomainError("conflict", "Another list or redrive of this stream is open. End that one first.");
  }
}

/**
 * Ends a list at once; a run once what is on its way is settled. What was not added stays in the dead letters.
 * @throws not_found, conflict when it is over
 */
export const cancelRedrive = ({ ctx, input }: Given): Promise<void> =>
  change(
    { ctx, input },
    `UPDATE redrive_runs SET cancel_asked_by = $2,
            finished_at = CASE WHEN state IN ('classifying', 'planned') THEN clock_timestamp() END,
            state = CASE WHEN state IN ('classifying', 'planned') THEN 'cancelled' ELSE state END
      WHERE id = $1 AND state NOT IN ('finished', 'cancelled') AND cancel_asked_by IS NULL`,
    [ctx.actor.name],
    "cancel-asked",
    (run) =>
      `${ctx.actor.name} ${run.state === "cancelled" ? "dropped the list" : "cancelled the redrive"} of ${run.stream}`,
    "It is over, or is being ended already.",
  );
