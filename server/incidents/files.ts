import { createHash } from "node:crypto";
import { actOnIncident, type IncidentContext } from "@/server/incidents/act-on-incident";
import { loadIncident } from "@/server/incidents/incident-rows";
import { allowedWords, keptMediaType, safeFileName } from "@/server/incidents/media-types";
import { recordView } from "@/server/incidents/record-view";
import { DomainError } from "@/server/platform/errors";

export const largestFile = 10 * 1024 * 1024;
const mostFiles = 200;

type GivenFile = {
  readonly incidentId: string;
  readonly name: string;
  readonly mediaType: string; // as declared by whoever sends it
  readonly content: Uint8Array;
};
export type KeptFile = {
  readonly name: string;
  readonly mediaType: string;
  readonly sha256: string;
  readonly content: Uint8Array<ArrayBuffer>;
};

/**
 * Attaches a file: it is kept as it came, and can be neither changed nor taken away. Its digest is on the record.
 * @throws bad_input for a file that is empty, too large or not what it may be; conflict, precondition_failed, not_found.
 */
export async function attachFile({
  ctx,
  input,
}: {
  ctx: IncidentContext;
  input: GivenFile;
}): Promise<{ readonly id: string; readonly name: string; readonly sha256: string }> {
  const { content } = input;
  if (content.length === 0) throw new DomainError("bad_input", "The file is empty.");
  if (content.length > largestFile) throw new DomainError("bad_input", "The file is larger than 10 MB.");
  const mediaType = keptMediaType(input.mediaType, content, input.name);
  if (mediaType === null)
    throw new DomainError(
      "bad_input",
      `This kind of file cannot be attached, or it is not what it says it is. Allowed: ${allowedWords}.`,
    );
  const name = safeFileName(input.name, mediaType);
  const sha256 = createHash("sha256").update(content).digest("hex");
  return actOnIncident(ctx, input.incidentId, async (tx, incident) => {
    const [row] = await tx.query<{ id: string }>(
      `INSERT INTO incident_files (incident_id, name, media_type, size, sha256, content, added_by_id, added_by_name)
       SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE (SELECT count(*) FROM incident_files WHERE incident_id = $1) < $9 RETURNING id`,
      [incident.id, name, mediaType, content.length, sha256, content, ctx.actor.id, ctx.actor.name, mostFiles],
    );
    if (row === undefined)
      throw new DomainError("precondition_failed", `An incident takes ${mostFiles} files, and this one has them.`);
    return {
      result: { id: row.id, name, sha256 },
      entries: [
        {
          kind: "note.file",
          summary: `File ${name} attached, ${content.length} bytes, SHA-256 ${sha256}`,
          details: { parameters: { name, mediaType, size: content.length, sha256 }, refs: { file: row.id } },
        },
      ],
    };
  });
}

/** A file of an incident that the viewer may see. Reading one of a restricted incident goes on its record. @throws not_found */
export async function readFile({
  ctx,
  input,
}: {
  ctx: IncidentContext;
  input: { readonly incidentId: string; readonly fileId: string };
}): Promise<KeptFile> {
  const incident = await loadIncident(ctx.db, ctx.actor, input.incidentId);
  const [row] = await ctx.db.query<{
    name: string;
    media_type: string;
    sha256: string;
    content: Uint8Array<ArrayBuffer>;
  }>("SELECT name, media_type, sha256, content FROM incident_files WHERE id = $1 AND incident_id = $2", [
    input.fileId,
    incident.id,
  ]);
  if (row === undefined) throw new DomainError("not_found", "This incident has no such file.");
  if (incident.restricted) await recordView(ctx, incident);
  return { name: row.name, mediaType: row.media_type, sha256: row.sha256, content: row.content };
}
