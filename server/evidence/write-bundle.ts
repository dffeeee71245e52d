import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pack, type Pack } from "tar-stream";
import { anchoringLineOf, readAnchorings } from "@/server/audit/anchors/anchoring-lines";
import { bundleReadme } from "@/server/evidence/bundle-readme";
import type { ExportContent } from "@/server/evidence/content";
import { signBytes, type SigningKey } from "@/server/evidence/signing-key";
import type { Queryable } from "@/server/platform/postgres";

const attachmentNameLength = 35; // with the digest before it this fits a plain tar header

/** `attachments/<sha256>-<name>`, the name in letters that are safe in every file system, without a way up. */
export const attachmentPath = (sha256: string, name: string): string => {
  const safe = name
    .normalize("NFKD")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "_")
    .replace(/^[._]+/, "");
  return `attachments/${sha256}-${(safe || "file").slice(-attachmentNameLength)}`;
};

/** The timeline on disk first: a tar announces each member's size before its bytes. */
async function spoolTimeline(
  content: ExportContent,
  path: string,
): Promise<{ sha256: string; size: number; entries: number }> {
  const digest = createHash("sha256");
  let entries = 0;
  const lines = async function* () {
    for await (const entry of content.entries()) {
      entries += 1;
      const line = `${JSON.stringify(entry)}\n`;
      digest.update(line);
      yield line;
    }
  };
  await pipeline(Readable.from(lines()), createWriteStream(path, { mode: 0o600 }));
  return { sha256: digest.digest("hex"), size: (await stat(path)).size, entries };
}

type Attachment = { readonly sha256: string; readonly name: string; readonly id: string };

async function attachmentBytes(tx: Queryable, file: Attachment): Promise<Buffer> {
  const [row] = await tx.query<{ content: Buffer }>("SELECT content FROM incident_files WHERE id = $1", [file.id]);
  if (row === undefined) throw new Error("an attachment is gone");
  return row.content;
}

const mostAnchorings = 5_000;

/** The newest anchorings of audit heads, oldest first: what the chains were seen to end with, whatever the database says now. */
async function anchorLines(tx: Queryable, key: SigningKey): Promise<string> {
  const [last] = await tx.query<{ n: number }>("SELECT coalesce(max(n), 0)::float8 AS n FROM audit_anchorings");
  const rows = await readAnchorings(tx, Math.max(0, (last?.n ?? 0) - mostAnchorings), mostAnchorings);
  return rows.map((row) => `${anchoringLineOf(key, row)}\n`).join("");
}

/**
 * Writes the signed bundle (README of bundleReadme) to `path`, with `folder` for what must be on disk in between. In memory is one
 * attachment at a time.
 */
export async function writeBundle(options: {
  readonly tx: Queryable;
  readonly content: ExportContent;
  readonly key: SigningKey;
  readonly folder: string;
  readonly path: string;
}): Promise<void> {
  const { tx, content, key, folder, path } = options;
  const spool = join(folder, "timeline.jsonl");
  const timeline = await spoolTimeline(content, spool);
  const mtime = new Date(Math.floor(Date.parse(content.exportedAt) / 1000) * 1000);
  const tar: Pack = pack();
  const written = pipeline(tar, createWriteStream(path, { mode: 0o600 }));
  const manifest: string[] = [];

  const add = (name: string, bytes: string | Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      const buffer = Buffer.from(bytes);
      tar.entry({ name, mtime, mode: 0o644, size: buffer.length }, buffer, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  const addListed = (name: string, bytes: string | Buffer): Promise<void> => {
    manifest.push(`${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`);
    return add(name, bytes);
  };
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

  const fill = async () => {
    await addListed("README.md", bundleReadme(content, key, timeline.entries));
    await addListed("public-key.pem", key.publicPem);
    await addListed(
      "incident.json",
      json({ exportedAt: content.exportedAt, profile: content.profile, ...(content.incident as object) }),
    );
    manifest.push(`${timeline.sha256}  timeline.jsonl\n`);
    await pipeline(
      createReadStream(spool),
      tar.entry({ name: "timeline.jsonl", mtime, mode: 0o644, size: timeline.size }),
    );
    await addListed("post-mortem.md", content.postMortem);
    await addListed("approvals.json", json(content.approvals));
    await addListed("proofs.json", json(content.proofs));
    if (content.profile === "full") await addListed("anchors.jsonl", await anchorLines(tx, key));
    await addListed("watches.json", json(content.watches));
    const names = new Set<string>();
    for (const file of content.files) {
      const name = attachmentPath(file.sha256, file.name);
      if (names.has(name)) continue; // the same file under the same name
      names.add(name);
      await addListed(name, await attachmentBytes(tx, file));
    }
    await add("manifest.sha256", manifest.join(""));
    await add("manifest.sha256.sig", signBytes(key, manifest.join("")));
    tar.finalize();
  };
  try {
    await Promise.all([fill(), written]);
  } catch (error) {
    tar.destroy();
    throw error;
  }
}
