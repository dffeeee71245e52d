import { createHash } from "node:crypto";
import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import { readAllows, readIssuances } from "@/server/caracal/keys/compromise-window-read";
import { loadIncident } from "@/server/incidents/incident-rows";
import { windowOf } from "@/server/keys/window/read-window";
import type { exportWindowInput } from "@/server/keys/window/schemas";
import { csvLine } from "@/server/platform/csv";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";
import { appendAnyway } from "@/server/timeline/append-anyway";
import { consoleChain } from "@/server/timeline/append-entries";

const mostRows = 50_000; // of each kind
const bounds = { timeoutMs: 30_000, narrow: "Choose one zone, or a shorter window." };

/**
 * The window as CSV: issuances, then allow events, told apart by the first column. It is put on record with its digest before its
 * bytes are given: on the incident's timeline, or without one on the console's.
 * @throws bad_input, not_found (incident), precondition_failed when it is more than may be exported at once, source_unreachable
 */
export async function exportWindow({
  ctx: { db, caracal, actor },
  input,
}: {
  ctx: { readonly db: Database; readonly caracal: Pick<Deployment, "db">; readonly actor: Actor };
  input: z.output<typeof exportWindowInput>;
}): Promise<{ readonly name: string; readonly sha256: string; readonly bytes: Buffer }> {
  const window = windowOf(input);
  const incident = input.incidentId == null ? null : await loadIncident(db, actor, input.incidentId);
  const [issued, allowed] = await boundedRead(caracal.db, bounds, async (tx) => [
    await readIssuances(tx, window, null, mostRows + 1),
    await readAllows(tx, window, null, mostRows + 1),
  ]);
  if (issued.rows.length > mostRows || allowed.rows.length > mostRows)
    throw new DomainError(
      "precondition_failed",
      `More than ${mostRows.toLocaleString("en-US")} rows. Choose one zone, or a shorter window, and export it in parts.`,
    );
  const lines = [
    csvLine([
      "kind",
      "zone_id",
      "zone",
      "subject_or_resource",
      "type_or_policy_set_version",
      "new_in_zone",
      "count",
      "live",
      "first",
      "last",
    ]),
    ...issued.rows.map((row) =>
      csvLine([
        "issuance",
        row.zoneId,
        row.zoneName,
        row.subjectId,
        row.type,
        row.isNew,
        row.count,
        row.live,
        row.first,
        row.last,
      ]),
    ),
    ...allowed.rows.map((row) =>
      csvLine([
        "allow",
        row.zoneId,
        row.zoneName,
        row.resource,
        row.policySetVersionId,
        null,
        row.count,
        null,
        row.first,
        row.last,
      ]),
    ),
  ];
  const bytes = Buffer.from(lines.join(""), "utf8");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  await db.transaction((tx) =>
    appendAnyway(tx, [
      {
        chain: incident?.id ?? consoleChain,
        kind: "export.made",
        by: actor,
        summary: `The window of the compromise, ${window.since} to ${window.until}, was exported as CSV: ${issued.rows.length} rows of issuances, ${allowed.rows.length} of allow events, ${bytes.length} bytes, SHA-256 ${sha256}`,
        details: { parameters: { ...window, size: bytes.length, sha256 } },
      },
    ]),
  );
  return { name: `compromise-window-${window.since.slice(0, 10)}.csv`, sha256, bytes };
}
