import { createHash, randomUUID } from "node:crypto";
import { z } from "zod";
import { agreedAs } from "@/server/approvals/agreed-as";
import type { ApprovedAction } from "@/server/approvals/approved-action";
import { readStreamCopy } from "@/server/audit/verify/stream-copy";
import { rowsById } from "@/server/caracal/audit-rows-by-id";
import { boundedRead } from "@/server/caracal/bounded-read";
import { readExactEntries } from "@/server/caracal/streams/exact-entries";
import { exactInstant } from "@/server/platform/exact-time";
import { DomainError } from "@/server/platform/errors";
import { classifyPage, type ClassifiedLetter } from "@/server/redrive/classify-page";
import { isAuditLetters, readLetter, targetOf } from "@/server/redrive/letters/read-letter";
import { runEntry } from "@/server/redrive/run-entry";
import type { RedriveContext } from "@/server/redrive/run-rows";
import { type LetterClass, reSignInput, signableClasses } from "@/server/redrive/schemas";
import { askRedis } from "@/server/streams/ask-redis";
import { streamId } from "@/server/streams/schemas";

type Parts = Omit<RedriveContext, "holder">;
/** What two people agree on: exactly these bytes, in the place of that letter. */
const agreed = z.object({
  stream: z.string(),
  entryId: streamId,
  original: z.string(), // SHA-256 of the letter's line
  data: z.string(),
  dataSha256: z.string(),
  edited: z.boolean(),
  eventId: z.string(),
  zoneId: z.string(),
  originalZoneId: z.string().nullable(), // that the letter names; null: it cannot be told
});

/** The letter as it was when it was asked for; `recheck` holds it against the stream. */
const letterThen = z.object({
  class: z.enum(signableClasses),
  cause: z.string(),
  why: z.string(),
  fingerprint: z.string(),
  line: z.string(),
  data: z.string().nullable(),
});

const isSignable = (what: LetterClass): what is (typeof signableClasses)[number] =>
  signableClasses.some((one) => one === what);
const bounds = { timeoutMs: 5_000, narrow: "Try again." };
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

const notLetters = "Only dead letters of the audit stream are signed anew.";

async function letterAt(
  parts: Parts,
  stream: string,
  entryId: string,
): Promise<ClassifiedLetter & { readonly data: string | null }> {
  const entries = await askRedis(async () => {
    const [ms, seq] = entryId.split("-");
    const after = seq === "0" ? `${BigInt(ms ?? "0") - 1n}-18446744073709551615` : `${ms}-${BigInt(seq ?? "0") - 1n}`;
    return readExactEntries(parts.caracal.redis, { stream, after, upTo: entryId, limit: 1 });
  });
  const [letter] = await classifyPage(parts, stream, entries);
  if (letter === undefined) throw new DomainError("not_found", "That letter is not in the stream any more.");
  const [entry] = entries;
  return { ...letter, data: entry === undefined ? null : (readLetter(stream, entry).source?.data ?? null) };
}

/** Why the bytes cannot be signed: no event, or one whose row is there. Null: they can. */
async function whyNot(parts: Parts, data: string): Promise<string | null> {
  const copy = readStreamCopy(data, "");
  if (copy === null || exactInstant(copy.columns.occurred_at) === null)
    return "These bytes are no event: ingestion needs id, zone_id and occurred_at.";
  const rows = await boundedRead(parts.caracal.db, bounds, (tx) => rowsById(tx, [copy.columns.id]));
  return rows.length === 0 ? null : "A row with this event's id is there already: signing another would be a conflict.";
}

/** "Edit or re-sign an audit event" as two people agree on it: these bytes get a signature that they did not have. The original is kept. */
export function reSignAction(parts: Parts): ApprovedAction<"re-sign-event"> {
  return {
    action: "re-sign-event",
    zonesOf({ parameters }) {
      const { zoneId, originalZoneId } = agreedAs(agreed, parameters);
      return originalZoneId ? [...new Set([zoneId, originalZoneId])] : "every";
    },
    async freeze(parameters) {
      const given = reSignInput.safeParse(parameters);
      if (!given.success)
        throw new DomainError("bad_input", "Signing anew needs a stream, a letter's id and its data.");
      const { stream, entryId } = given.data;
      if (!isAuditLetters(stream)) throw new DomainError("bad_input", notLetters);
      if (parts.keys.audit === null)
        throw new DomainError("not_configured", "The console has no AUDIT_HMAC_KEY, so it can sign nothing.");
      const letter = await letterAt(parts, stream, entryId);
      if (!isSignable(letter.class))
        throw new DomainError("precondition_failed", `This letter is not signed anew, whoever agrees. ${letter.why}`);
      const data = given.data.data ?? letter.data;
      if (data === null) throw new DomainError("precondition_failed", "It holds no data: say what is to be signed.");
      const refusal = await whyNot(parts, data);
      const copy = readStreamCopy(data, "");
      if (refusal !== null || copy === null) throw new DomainError("precondition_failed", refusal ?? "No event.");
      const { id: eventId, zone_id: zoneId, event_type: type } = copy.columns;
      const edited = data !== letter.data;
      return {
        parameters: {
          stream,
          entryId,
          original: letter.sha256,
          data,
          dataSha256: sha256(data),
          edited,
          eventId,
          zoneId,
          originalZoneId: readStreamCopy(letter.data ?? "", "")?.columns.zone_id ?? null,
        } satisfies z.input<typeof agreed>,
        targets: [entryId],
        preconditions: {
          class: letter.class,
          cause: letter.cause,
          why: letter.why,
          fingerprint: letter.fingerprint,
          line: letter.line,
          data: letter.data,
        } satisfies z.input<typeof letterThen>,
        blast: {
          sentence: `Event ${eventId} (${type}) of zone ${zoneId} goes to the log ${edited ? "with edited bytes and " : ""}with a signature it did not have`,
          figures: [
            { name: "events signed", value: 1, source: stream },
            { name: "why it was refused", value: letter.cause, source: stream },
          ],
        },
        severity: "P1",
        playbookVersion: "re-sign-event@1",
      };
    },
    async recheck(stored) {
      const { stream, entryId, data, original } = agreedAs(agreed, stored.parameters);
      if (!isAuditLetters(stream)) return notLetters;
      const letter = await letterAt(parts, stream, entryId).catch((error: unknown) => {
        if (error instanceof DomainError && error.code === "not_found") return null;
        throw error;
      });
      if (letter === null) return "The letter is not in the stream any more.";
      if (letter.sha256 !== original || !isSignable(letter.class))
        return `The letter is another one now: ${letter.why}`;
      return whyNot(parts, data);
    },
    async start(tx, stored, by) {
      const { stream, entryId, original, data, dataSha256, edited, eventId } = agreedAs(agreed, stored.parameters);
      if (!isAuditLetters(stream)) throw new DomainError("bad_input", notLetters);
      const letter = agreedAs(letterThen, stored.preconditions);
      const copy = readStreamCopy(data, "");
      if (copy === null) throw new DomainError("bad_input", "These bytes are no event.");
      await tx.query(
        "UPDATE redrive_runs SET state = 'cancelled', finished_at = clock_timestamp(), cancel_asked_by = $2 WHERE stream = $1 AND state = 'planned'",
        [stream, by.name],
      );
      const id = randomUUID();
      const made = await tx.query(
        `INSERT INTO redrive_runs (id, kind, stream, target, state, approval_id, incident_id, reason, last_id, entries, archive_sha256, archive_bytes,
                chosen, digest, watched_to, requested_by_id, requested_by_name, started_at, started_by)
         VALUES ($1, 're-sign', $2, $3, 'running', $4, $5, $6, $7, 1, $8, $9, 1, $10, $7, $11, $12, clock_timestamp(), $12)
         ON CONFLICT DO NOTHING RETURNING 1`,
        [
          id,
          stream,
          targetOf(stream),
          stored.approvalId,
          stored.incidentId,
          stored.reason,
          entryId,
          sha256(`${letter.line}\n`),
          Buffer.byteLength(letter.line) + 1,
          sha256(`${entryId}\n`),
          by.id,
          by.name,
        ],
      );
      if (made.length === 0)
        throw new DomainError("conflict", "A list or redrive of this stream is open. End that one first.");
      await tx.query(
        "INSERT INTO dead_letter_originals (stream, entry_id, sha256, line) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        [stream, entryId, original, letter.line],
      );
      await tx.query(
        `INSERT INTO redrive_entries (run_id, n, stream, entry_id, sha256, fingerprint, class, cause, why, event_id, occurred_at, content, replacement, action, state)
         VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 're-sign', 'waiting')`,
        [
          id,
          stream,
          entryId,
          original,
          letter.fingerprint,
          letter.class,
          letter.cause,
          letter.why.replaceAll("\0", ""),
          eventId,
          exactInstant(copy.columns.occurred_at),
          copy.content,
          data,
        ],
      );
      await runEntry(
        tx,
        { id, incident_id: stored.incidentId, stream },
        "signed-anew",
        `Event ${eventId} goes to the log ${edited ? "edited and " : ""}signed by the console, as ${stored.requester.name} asked and another person approved. Its original stays kept. Reason: ${stored.reason}`,
        by,
        {
          refs: { approval: stored.approvalId },
          before: { letter: entryId, original, data: letter.data === null ? null : sha256(letter.data) },
          after: { event: eventId, data: dataSha256, signedBy: "console", edited },
        },
      );
      return `redrive:${id}`;
    },
    wake: async () => undefined, // the worker of any replica finds it within half a second
  };
}
