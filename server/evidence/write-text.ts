import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { watchSvg } from "@/server/evidence/watch-svg";
import type { ExportContent } from "@/server/evidence/content";

const escapeHtml = (text: string) =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
/** One line that opens no markup: what stands in a record must not change how the page around it reads. */
const inlineMarkdown = (text: string) => text.replaceAll(/\s+/g, " ").replaceAll(/[\\`*_[\]<>|#]/g, "\\$&");

const sharedNote =
  "Shared profile: people, zones, subjects and addresses are replaced; notes, details and attachments are left out.";

async function* markdown(content: ExportContent): AsyncGenerator<string> {
  yield content.postMortem;
  yield `\n## Everything on record\n\nExported at ${content.exportedAt}. ${content.profile === "shared" ? sharedNote : ""}\n\n`;
  for await (const { seq, at, kind, actor_name, summary } of content.entries())
    yield `- ${at} #${seq} \`${kind}\` ${inlineMarkdown(actor_name)}: ${inlineMarkdown(summary)}\n`;
  if (content.files.length > 0) yield "\n## Attachments\n\n";
  for (const { name, size, sha256 } of content.files)
    yield `- ${inlineMarkdown(name)}, ${size} bytes, SHA-256 \`${sha256}\`\n`;
}

async function* json(content: ExportContent): AsyncGenerator<string> {
  const { profile, exportedAt, incident, approvals, proofs, watches, postMortem, signatures } = content;
  const head = JSON.stringify({
    exportedAt,
    profile,
    ...(incident as object),
    approvals,
    proofs,
    watches,
    postMortem,
    signatures,
  });
  yield `${head.slice(0, -1)},"timeline":[`;
  let first = true;
  for await (const entry of content.entries()) {
    yield `${first ? "\n" : ",\n"}${JSON.stringify(entry)}`;
    first = false;
  }
  yield "\n]}\n";
}

const style = `body{font:14px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}
pre{white-space:pre-wrap;font:inherit;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%;font-size:12px}
th,td{text-align:left;vertical-align:top;border-bottom:1px solid #ccc;padding:.3rem .5rem;overflow-wrap:anywhere}
td:first-child,td:nth-child(2){white-space:nowrap}code{font-family:ui-monospace,monospace;font-size:11px}
@page{margin:18mm}@media print{body{max-width:none;margin:0;padding:0}thead{display:table-header-group}tr{break-inside:avoid}h2{break-after:avoid}}`;

const watchedFigures = ({ watches }: ExportContent): string =>
  watches.length === 0
    ? ""
    : `<h2>Watched figures</h2>${watches
        .map((watch) => {
          const [first, last] = [watch.points[0], watch.points.at(-1)].map((point) =>
            point === undefined ? "never" : new Date(point[0]).toISOString(),
          );
          const figures = `${first} to ${last}; lowest ${watch.lowest ?? "none"}, highest ${watch.highest ?? "none"}`;
          return `<h3>${escapeHtml(watch.label)}</h3>${watchSvg(watch)}<p>${figures}. Where the line breaks nothing was read.</p>`;
        })
        .join("")}`;

async function* html(content: ExportContent): AsyncGenerator<string> {
  const title = escapeHtml(`INC-${content.number}: ${content.title}`);
  yield `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title><style>${style}</style></head><body><main>
<p>Exported at ${escapeHtml(content.exportedAt)} (UTC). ${content.profile === "shared" ? sharedNote : ""}</p>
<pre>${escapeHtml(content.postMortem)}</pre>
${watchedFigures(content)}<h2>Signed off by</h2><p>${content.signatures.map(({ person, signedAt }) => escapeHtml(`${person.name}, ${signedAt}`)).join("<br>") || "Nobody yet."}</p>
<h2>Everything on record</h2>
<table><thead><tr><th scope="col">Entry</th><th scope="col">Time (UTC)</th><th scope="col">What</th><th scope="col">Who</th></tr></thead><tbody>\n`;
  let hash = "";
  for await (const entry of content.entries()) {
    hash = String(entry.hash);
    const cells = [String(entry.seq), entry.at, `${entry.summary} (${entry.kind})`, entry.actor_name];
    yield `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>\n`;
  }
  yield `</tbody></table><p>Hash of the last entry: <code>${escapeHtml(hash)}</code></p>`;
  if (content.files.length > 0) yield "<h2>Attachments</h2><ul>";
  for (const { name, size, sha256 } of content.files)
    yield `<li>${escapeHtml(name)}, ${size} bytes, SHA-256 <code>${escapeHtml(sha256)}</code></li>`;
  yield `${content.files.length > 0 ? "</ul>" : ""}</main></body></html>\n`;
}

const writers = { markdown, json, html };

/** Writes one of the text formats to `path`, entry by entry. */
export const writeText = (content: ExportContent, format: keyof typeof writers, path: string): Promise<void> =>
  pipeline(Readable.from(writers[format](content)), createWriteStream(path, { mode: 0o600 }));
