import { createHash, randomUUID } from "node:crypto";
import type { z } from "zod";
import type { AuditKey, AuditScope } from "@/server/caracal/audit-read";
import { readStoredRows } from "@/server/caracal/audit-row-read";
import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import { auditFilter, auditScope, auditWindow } from "@/server/audit/audit-question";
import { exportLines } from "@/server/audit/export-lines";
import { type AuditScan, type Scanned, scanEvents } from "@/server/audit/scan-events";
import { redactText } from "@/server/audit/redaction/sensitive-text";
import { auditExportRoles, type exportAuditInput, exportBounds } from "@/server/audit/schemas";
import { mayCall } from "@/server/auth/policy";
import type { Actor } from "@/server/auth/roles";
import { loadIncident } from "@/server/incidents/incident-rows";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";
import { appendAnyway } from "@/server/timeline/append-anyway";
import { consoleChain } from "@/server/timeline/append-entries";

type Context = { readonly db: Database; readonly caracal: Pick<Deployment, "db">; readonly actor: Actor };
type Input = z.output<typeof exportAuditInput>;
export type AuditExport = { readonly name: string; readonly mediaType: string; chunks(): AsyncGenerator<Buffer> };

const bounds = { timeoutMs: 10_000, narrow: "Narrow it: pick a zone, or a shorter window." };
const rowsAtOnce = 1_000;
const wholeAtOnce = 200; // rows with all their JSON that are in memory at a time
const budget = { ms: 2_000, events: 100_000 };

const count = (n: number) => n.toLocaleString("en-US");

function requireRoles(actor: Actor, input: Input): void {
  if (!actor.roles.some((role) => auditExportRoles.includes(role)))
    throw new DomainError("forbidden", "Your role may read audit events, not export them. Ask a responder.");
  if (input.reason !== undefined && !mayCall("audit.reveal", actor.roles))
    throw new DomainError(
      "forbidden",
      "An export with nothing hidden needs the role security, compliance or admin. Without it what is sensitive is hidden.",
    );
}

const cancelled = "cancelled, or the connection was lost";

/** How an export ended that did not come to its end: a stream that is not read any more throws into its source. */
function endOf(error: unknown): string {
  if (!(error instanceof Error) || error.name !== "AbortError") return "failed";
  const { cause } = error;
  return cause instanceof Error && cause.name === "TimeoutError"
    ? `cut after ${exportBounds.minutes} minutes`
    : cancelled;
}

type Totals = { rows: number; bytes: number; lookedAt: number; end: string };

/** Rows newest first, page by page in reads of their own, until the window or a bound ends. `totals.end` says which. */
async function* wholeRows(caracal: Context["caracal"], scan: AuditScan, totals: Totals) {
  for (let from: AuditKey | null = null; ; ) {
    const left = exportBounds.rows - totals.rows;
    const wanted = Math.min(rowsAtOnce, left);
    const place: AuditKey | null = from;
    const found: Scanned = await boundedRead(caracal.db, bounds, (tx) =>
      scanEvents(tx, scan, place, wanted + 1, budget),
    );
    totals.lookedAt += found.examined;
    const page = found.rows.slice(0, wanted);
    for (let at = 0; at < page.length; at += wholeAtOnce) {
      const part = page.slice(at, at + wholeAtOnce);
      const rows = await boundedRead(caracal.db, bounds, (tx) => readStoredRows(tx, part));
      totals.rows += rows.length;
      yield rows;
    }
    const last = page.at(-1);
    if (found.rows.length > wanted && last !== undefined) {
      if (wanted === left) {
        totals.end = `cut at ${count(exportBounds.rows)} events, the newest`;
        return;
      }
      from = { occurredAt: last.occurredAt, id: last.id, inclusive: false };
    } else if (found.cut === null) {
      totals.end = "whole";
      return;
    } else if (totals.lookedAt >= exportBounds.lookedAt) {
      totals.end = `cut after ${count(totals.lookedAt)} events were looked at, back to ${found.cut.occurredAt}`;
      return;
    } else from = found.cut;
  }
}

/**
 * Exports the events of a search, newest first, as they are read: memory does not grow with their number. That it was begun, by whom and what
 * for is on the record before the first byte leaves the server; how it ended, with the SHA-256 of what left, before the last. Redacted unless
 * a reason is given by one who may see what is hidden. Whoever stops reading ends it.
 * @throws DomainError forbidden, not_found (zone, incident), bad_input, precondition_failed, source_unreachable.
 */
export async function exportEvents({ ctx, input }: { ctx: Context; input: Input }): Promise<AuditExport> {
  const { db, caracal, actor } = ctx;
  requireRoles(actor, input);
  const { format, reason, incidentId, ...question } = input;
  const filter = auditFilter(question);
  const window = auditWindow(question);
  const incident = incidentId === undefined ? null : await loadIncident(db, actor, incidentId);
  const scope: AuditScope = await boundedRead(caracal.db, bounds, (tx) => auditScope(tx, question, window, filter));
  const exportId = randomUUID();
  const say = (kind: string, summary: string, parameters: Readonly<Record<string, unknown>>) =>
    db.transaction((tx) =>
      appendAnyway(tx, [
        {
          chain: incident?.id ?? consoleChain,
          kind,
          by: actor,
          summary,
          details: { parameters: { export: exportId, ...parameters } },
        },
      ]),
    );
  const hidden = reason === undefined ? "what is sensitive hidden" : `nothing hidden. Reason: ${reason}`;
  await say(
    "evidence.exported",
    `${actor.name} began to export audit events from ${window.since} to ${window.until} as ${format}, at most ${count(exportBounds.rows)}, ${hidden}`,
    {
      format,
      reason: reason ?? null,
      ...question,
      text: question.text === undefined ? null : redactText(question.text),
    },
  );
  async function* chunks(): AsyncGenerator<Buffer> {
    const lines = exportLines(format, reason === undefined);
    const digest = createHash("sha256");
    const totals: Totals = { rows: 0, bytes: 0, lookedAt: 0, end: cancelled };
    const sent = (text: string) => {
      const chunk = Buffer.from(text, "utf8");
      digest.update(chunk);
      totals.bytes += chunk.length;
      return chunk;
    };
    try {
      if (lines.head !== "") yield sent(lines.head);
      for await (const rows of wholeRows(caracal, { scope, window, filter, direction: "older" }, totals))
        yield sent(rows.map((row) => lines.line(row)).join(""));
    } catch (error) {
      totals.end = endOf(error);
      throw error;
    } finally {
      const sha256 = digest.digest("hex");
      await say(
        "evidence.export-ended",
        `The export of audit events by ${actor.name} ended (${totals.end}): ${count(totals.rows)} events, ${count(totals.bytes)} bytes, SHA-256 ${sha256}`,
        { ...totals, sha256 },
      );
    }
  }
  const zone = input.zoneId?.replaceAll(/[^\w.-]/g, "_").slice(0, 40);
  return {
    name: `audit-events-${zone === undefined ? "" : `${zone}-`}${window.since.slice(0, 10)}.${format}`,
    mediaType: format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson; charset=utf-8",
    chunks,
  };
}
