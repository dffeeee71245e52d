import { randomUUID } from "node:crypto";
import type { ApprovedAction, Stored } from "@/server/approvals/approved-action";
import { DomainError } from "@/server/platform/errors";
import type { Database, Queryable } from "@/server/platform/postgres";
import { archiveDigest, chosenDigest } from "@/server/redrive/archive";
import { runEntry } from "@/server/redrive/run-entry";
import { loadRun, loadVisibleRun, type RunRow } from "@/server/redrive/run-rows";
import { discardInput, type LetterClass } from "@/server/redrive/schemas";

type Agreed = { readonly runId: string; readonly classes: readonly LetterClass[]; readonly archiveSha256: string };

const mostLetters = 50_000;

/** The letters of a run that nothing was done with, or that failed. */
const leftOf = (db: Pick<Database, "query">, runId: string, classes: readonly string[]) =>
  db.query<{ entry_id: string; class: LetterClass }>(
    `SELECT entry_id, class FROM redrive_entries WHERE run_id = $1 AND class = ANY ($2) AND state IN ('listed', 'failed', 'waiting') ORDER BY n LIMIT ${mostLetters + 1}`,
    [runId, classes],
  );

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

/** Reads and hashes every original: when it is asked for and when it begins, never for a page that is looked at. @throws precondition_failed */
async function wantArchiveWhole(db: Queryable, run: RunRow): Promise<void> {
  if ((await archiveDigest(db, run.id)).sha256 !== run.archive_sha256)
    throw new DomainError(
      "precondition_failed",
      "The archive is not what it was when the list was made. Tell security.",
    );
}

const stranger = { id: "00000000-0000-0000-0000-000000000000", roles: [] }; // sees nothing that is restricted

/** "Discard dead letters" as two people agree on it: exactly these ids, of which the exported originals are kept, are deleted from the stream. */
export function discardAction({ db }: { readonly db: Database }): ApprovedAction {
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
      await wantArchiveWhole(db, run);
      const letters = await leftOf(db, runId, classes);
      if (letters.length === 0)
        throw new DomainError("precondition_failed", "No letter of these classes is left in this list.");
      if (letters.length > mostLetters)
        throw new DomainError(
          "precondition_failed",
          `More than ${mostLetters.toLocaleString("en-US")} letters: discard by class.`,
        );
      const count = (what: string) => letters.filter((letter) => letter.class === what).length;
      return {
        parameters: { runId, classes, archiveSha256: run.archive_sha256 ?? "" } satisfies Agreed,
        targets: letters.map(({ entry_id: id }) => id),
        preconditions: { archiveSha256: run.archive_sha256, stream: run.stream },
        blast: {
          sentence: `${letters.length === 1 ? "One dead letter is" : `${letters.length.toLocaleString("en-US")} dead letters are`} deleted from ${run.stream}; what they hold will not be in the log`,
          figures: classes.map((what) => ({ name: what, value: count(what), source: run.stream })),
        },
        severity: "P1",
        playbookVersion: "discard-dead-letters@1",
      };
    },
    async recheck(stored) {
      const { runId, classes } = stored.parameters as unknown as Agreed;
      const run = await loadRun(db, runId);
      const refusal = whyNot(run);
      if (refusal !== null) return refusal;
      const left = new Set((await leftOf(db, runId, classes)).map(({ entry_id: id }) => id));
      return stored.targets.every((id) => left.has(id)) ? null : "Some of these letters were dealt with meanwhile.";
    },
    async start(tx, stored: Stored, by) {
      const { runId } = stored.parameters as unknown as Agreed;
      const of = await loadRun(tx, runId);
      await wantArchiveWhole(tx, of);
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
