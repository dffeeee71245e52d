import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { readContent } from "@/server/evidence/content";
import { type ExportFormat, type exportInput, fullProfileRoles } from "@/server/evidence/schemas";
import { type SigningSettings, signingKey } from "@/server/evidence/signing-key";
import { writeBundle } from "@/server/evidence/write-bundle";
import { writeText } from "@/server/evidence/write-text";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";
import { appendAnyway } from "@/server/timeline/append-anyway";

export type ExportedFile = {
  readonly name: string;
  readonly mediaType: string;
  readonly size: number;
  readonly sha256: string;
  /** The bytes, once; what lies on disk is removed when the stream ends or is closed. */
  open(): Readable;
  /** Removes it unread. */
  discard(): Promise<void>;
};

type Call = {
  ctx: { readonly db: Database; readonly actor: Actor; readonly settings: SigningSettings };
  input: z.output<typeof exportInput>;
};

const kinds: Readonly<Record<ExportFormat, readonly [extension: string, mediaType: string]>> = {
  markdown: ["md", "text/markdown; charset=utf-8"],
  json: ["json", "application/json"],
  html: ["html", "text/html; charset=utf-8"],
  bundle: ["tar", "application/x-tar"],
};

async function sha256Of(path: string): Promise<string> {
  const digest = createHash("sha256");
  await pipeline(createReadStream(path), digest);
  return digest.digest("hex");
}

/**
 * Writes an incident's export to a temporary file, puts the export on record with its digest, and only then gives the bytes:
 * on the incident's own timeline, or on the console's once the incident is closed.
 * @throws not_found when the viewer may not see it; forbidden for the full profile without one of its roles
 */
export async function exportIncident({ ctx, input }: Call): Promise<ExportedFile> {
  const { db, actor, settings } = ctx;
  const { format, profile } = input;
  if (profile === "full" && !actor.roles.some((role) => fullProfileRoles.includes(role)))
    throw new DomainError(
      "forbidden",
      `The full profile holds names and addresses: it needs the role ${fullProfileRoles.join(" or ")}. The shared profile is open to you.`,
    );
  const key = signingKey(settings);
  const folder = await mkdtemp(join(tmpdir(), "caracal-export-"));
  const discard = () => rm(folder, { recursive: true, force: true });
  try {
    const path = join(folder, "export");
    const number = await db.transaction(async (tx) => {
      await tx.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
      await tx.query("SELECT set_config('TimeZone', 'UTC', true)"); // for times inside JSON
      const content = await readContent(tx, actor, input, key);
      if (format === "bundle") await writeBundle({ tx, content, key, folder, path });
      else await writeText(content, format, path);
      return content.number;
    });
    const [sha256, { size }] = [await sha256Of(path), await stat(path)];
    const entry = {
      chain: input.incidentId,
      kind: "export.made",
      by: actor,
      summary: `INC-${number} was exported as ${format}, profile ${profile}, ${size} bytes, SHA-256 ${sha256}`,
      details: { parameters: { incidentId: input.incidentId, format, profile, size, sha256, key: key.fingerprint } },
    };
    await db.transaction((tx) => appendAnyway(tx, [entry]));
    const [extension, mediaType] = kinds[format];
    return {
      name: `INC-${number}-${profile}.${extension}`,
      mediaType,
      size,
      sha256,
      open: () => createReadStream(path).on("close", () => void discard()),
      discard,
    };
  } catch (error) {
    await discard();
    throw error;
  }
}
