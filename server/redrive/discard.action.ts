import { randomUUID } from "node:crypto";
import { z } from "zod";
import { agreedAs } from "@/server/approvals/agreed-as";
import type { ApprovedAction, Stored } from "@/server/approvals/approved-action";
import { DomainError } from "@/server/platform/errors";
import type { Database, Queryable } from "@/server/platform/postgres";
import { archiveDigest, chosenDigest } from "@/server/redrive/archive";
import { runEntry } from "@/server/redrive/run-entry";
import { loadRun, loadVisibleRun, type RunRow } from "@/server/redrive/run-rows";
import { discardInput, type LetterClass, letterClasses } from "@/server/redrive/schemas";

const agreed = z.object({ runId: z.uuid(), classes: z.array(z.enum(letterClasses)), archiveSha256: z.string() });

/** At most this many letters are agreed on at once: they stand in the request by their ids, which a page that is open reads again and again. */
export const mostDiscarded = 10_000;
/** Of an entry `e`: nothing was done with it here, or it failed, and no other run has retired the letter since. */
const isLeft = `e.state IN ('listed', 'failed', 'waiting') AND NOT EXISTS (
  SELECT 1 FROM redrive_entries o WHERE o.stream = e.stream AND o.entry_id = e.entry_id AND o.state = 'retired')`;

/** The oldest letters of these classes that are left in a run, and how many there are by class. */
async function leftOf(db: Queryable, runId: string, classes: readonly string[]) {
  const [letters, counts] = await Promise.all([
    db.query<{ id: string }>(
      `SELECT e.entry_id AS id FROM redrive_entries e WHERE e.run_id = $1 AND e.class = ANY ($2) AND ${isLeft} ORDER BY e.n LIMIT ${mostDiscarded}`,
      [runId, classes],
    ),
    db.query<{ class: LetterClass; count: number }>(
      `SELECT e.class, count(*)::int AS count FROM redrive_entries e WHERE e.run_id = $1 AND e.class = ANY ($2) AND ${isLeft} GROUP BY e.class ORDER BY e.class`,
      [runId, classes],
    ),
  ]);
  return { ids: letters.map(({ id }) => id), counts };
}

/** How many of these letters are left in a run. */
async function countLeft(db: Queryable, runId: string, ids: readonly string[]): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM redrive_entries e WHERE e.run_id = $1 AND e.entry_id = ANY ($2) AND ${isLeft}`,
    [runId, ids],
  );
  return row?.count ?? 0;
}

/** Why the list of a run cannot be discarded by, as far as its row tells; null: it can. */
function whyNot(run: RunRow): string | null {
  if (
    run.kind !== "redrive" ||
    !["planned", "finished", "cancelled"].includes(run.state) ||
    run.archive_sha256 === null
  )
    return "Only a list that is complete and at rest can be discarded by.";
  if (run.exported_at === null) return "Download the originals first: nothing is discarded that nobody has exported.";
  return null;
}

/** What is wrong with the originals that were kept; null: nothing. Reads and hashes every one of them. */
async function archiveTrouble(db: Queryable, run: Pick<RunRow, "id" | "archive_sha256">): Promise<string | null> {
  return (await archiveDigest(db, run.id)).sha256 === run.archive_sha256
    ? null
    : "The archive is not what it was when the list was made. Tell security.";
}

/** The incident of a list and those that it was merged into; `end`: the one that goes on. None: the list belongs to no incident. */
const incidentsOfList = (db: Queryable, runId: string) =>
  db.query<{ id: string; end: boolean }>(
    `SELECT id, merged_into IS NULL AS "end" FROM incidents WHERE id IN (SELECT incidents_of_list($1))`,
    [runId],
  );

const stranger = { id: "00000000-0000-0000-0000-000000000000", roles: [] }; // sees nothing that is restricted

/** "Discard dead letters" as two people agree on it: exactly these ids, of which the exported originals are kept, are deleted from the stream. */
export function discardAction({ db }: { readonly db: Database }): ApprovedAction<"discard-dead-letters"> {
  return {
    action: "discard-dead-letters",
    zonesOf: () => "every", // letters of whichever zone
    async freeze(parameters, by = stranger) {
      const given = discardInput.safeParse(parameters);
      if (!given.success) throw new DomainError("bad_input", "Discarding needs a list and the classes of letters.");
      const { runId } = given.data;
      const classes = [...new Set(given.data.classes)].sort();
      const run = await loadVisibleRun(db, by, runId);
      const refusal = whyNot(run);
      if (refusal !== null) throw new DomainError("precondition_failed", refusal);
      const trouble = await archiveTrouble(db, run);
      if (trouble !== null) throw new DomainError("precondition_failed", trouble);
      const { ids, counts } = await leftOf(db, runId, classes);
      if (ids.length === 0)
        throw new DomainError("precondition_failed", "No letter of these classes is left in this list.");
      const total = counts.reduce((sum, { count }) => sum + count, 0);
      const rest = total - ids.length;
      const number = (value: number) => value.toLocaleString("en-US");
      return {
        parameters: { runId, classes, archiveSha256: run.archive_sha256 ?? "" } satisfies z.input<typeof agreed>,
        targets: ids,
        preconditions: { archiveSha256: run.archive_sha256, stream: run.stream },
        blast: {
          sentence: `${ids.length === 1 ? "One dead letter is" : `${rest > 0 ? "The oldest " : ""}${number(ids.length)} dead letters are`} deleted from ${run.stream}; what they hold will not be in the log${rest > 0 ? `. ${number(rest)} more of these classes stay for another request: one takes ${number(mostDiscarded)} at most` : ""}`,
          figures: counts.map(({ class: name, count }) => ({ name, value: count, source: run.stream })),
        },
        severity: "P1",
        playbookVersion: "discard-dead-letters@1",
      };
    },
    async belongsTo(parameters) {
      const own = await incidentsOfList(db, agreedAs(agreed, parameters).runId);
      return own.find(({ end }) => end)?.id ?? null;
    },
    async recheck(stored) {
      const { runId } = agreedAs(agreed, stored.parameters);
      const run = await loadRun(db, runId);
      const refusal = whyNot(run);
      if (refusal !== null) return refusal;
      if ((await countLeft(db, runId, stored.targets)) !== stored.targets.length)
        return "Some of these letters were dealt with meanwhile.";
      const own = await incidentsOfList(db, runId);
      return own.length === 0 || own.some(({ id }) => id === stored.incidentId)
        ? null
        : "Its list belongs to another incident by now: the discard stands on the record of that one.";
    },
    async lastLook(stored) {
      return archiveTrouble(db, await loadRun(db, agreedAs(agreed, stored.parameters).runId));
    },
    async start(tx, stored: Stored, by) {
      const { runId } = agreedAs(agreed, stored.parameters);
      const of = await loadRun(tx, runId);
      await tx.query(
        "UPDATE redrive_runs SET state = 'cancelled', finished_at = clock_timestamp(), cancel_asked_by = $2 WHERE id = $1 AND state = 'planned'",
        [runId, by.name],
      );
      const id = randomUUID();
      const made = await tx.query(
        `INSERT INTO redrive_runs (id, kind, stream, target, state, approval_id, incident_id, of_run, reason, last_id, entries, requested_by_id, requested_by_name, heartbeat_at)
         VALUES ($1, 'discard', $2, $3, 'classifying', $4, $5, $6, $7, $8, $9, $10, $11, now()) ON CONFLICT DO NOTHING RETURNING 1`,
        [
          id,
          of.stream,
          of.target,
          stored.approvalId,
          stored.incidentId,
          runId,
          stored.reason,
          of.last_id,
          stored.targets.length,
          by.id,
          by.name,
        ],
      );
      if (made.length === 0)
        throw new DomainError("conflict", "A list or redrive of this stream is open. End that one first.");
      await tx.query(
        `INSERT INTO redrive_entries (run_id, n, stream, entry_id, sha256, fingerprint, class, cause, why, event_id, occurred_at, content, subject, action, state)
         SELECT $1, row_number() OVER (ORDER BY n), stream, entry_id, sha256, fingerprint, class, cause, why, event_id, occurred_at, content, subject, 'discard', 'waiting'
           FROM redrive_entries WHERE run_id = $2 AND entry_id = ANY ($3)`,
        [id, runId, stored.targets],
      );
      const [archive, frozen] = [await archiveDigest(tx, id), await chosenDigest(tx, id)];
      await tx.query(
        `UPDATE redrive_runs SET state = 'running', archive_sha256 = $2, archive_bytes = $3, chosen = $4, digest = $5, watched_to = last_id,
                started_at = clock_timestamp(), started_by = $6, heartbeat_at = 'epoch' WHERE id = $1`,
        [id, archive.sha256, archive.bytes, frozen.chosen, frozen.digest, by.name],
      );
      await runEntry(
        tx,
        { id, incident_id: stored.incidentId, stream: of.stream },
        "discarded",
        `${frozen.chosen} dead letters of ${of.stream} are discarded as two people agreed; their originals stay kept. Reason: ${stored.reason}`,
        by,
        {
          refs: { approval: stored.approvalId },
          parameters: { of: runId, digest: frozen.digest, archiveSha256: archive.sha256 },
          figures: [{ name: "discarded", value: frozen.chosen, source: of.stream }],
        },
      );
      return `redrive:${id}`;
    },
    wake: async () => undefined, // the worker of any replica finds it within half a second
  };
}
