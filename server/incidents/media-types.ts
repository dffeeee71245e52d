/** What may be attached, by media type; nothing that a browser would run. `begins`: the bytes it starts with, null for plain text, -1 for any. */
const allowed: Readonly<Record<string, { readonly extension: string; readonly begins: readonly number[][] | null }>> = {
  "image/png": { extension: "png", begins: [[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]] },
  "image/jpeg": { extension: "jpg", begins: [[0xff, 0xd8, 0xff]] },
  "image/gif": {
    extension: "gif",
    begins: [
      [0x47, 0x49, 0x46, 0x38, 0x37, 0x61],
      [0x47, 0x49, 0x46, 0x38, 0x39, 0x61],
    ],
  },
  "image/webp": { extension: "webp", begins: [[0x52, 0x49, 0x46, 0x46, -1, -1, -1, -1, 0x57, 0x45, 0x42, 0x50]] },
  "application/pdf": { extension: "pdf", begins: [[0x25, 0x50, 0x44, 0x46, 0x2d]] },
  "application/zip": { extension: "zip", begins: [[0x50, 0x4b, 0x03, 0x04]] },
  "application/gzip": { extension: "gz", begins: [[0x1f, 0x8b, 0x08]] },
  "application/json": { extension: "json", begins: null },
  "text/plain": { extension: "txt", begins: null },
  "text/csv": { extension: "csv", begins: null },
};
const otherNames: Readonly<Record<string, string>> = {
  "application/x-gzip": "application/gzip",
  "application/x-zip-compressed": "application/zip",
  "application/vnd.ms-excel": "text/csv", // what one system declares for .csv
  "image/jpg": "image/jpeg",
  "text/x-log": "text/plain",
  "text/markdown": "text/plain",
  "application/jsonl": "text/plain",
  "application/x-ndjson": "text/plain",
};
/** Browsers declare no type for these: the ending of the name declares it. */
const byEnding: Readonly<Record<string, string>> = {
  log: "text/plain",
  md: "text/plain",
  jsonl: "text/plain",
  csv: "text/csv",
  gz: "application/gzip",
};

/** In words, for refusals. */
export const allowedWords = "PNG, JPEG, GIF, WebP, PDF, ZIP, GZIP, JSON, CSV or plain text";

function isText(content: Uint8Array): boolean {
  if (content.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(content);
    return true;
  } catch {
    return false;
  }
}

function isJson(content: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder().decode(content));
    return true;
  } catch {
    return false;
  }
}

const startsWith = (content: Uint8Array, begin: readonly number[]): boolean =>
  begin.every((byte, at) => at < content.length && (byte === -1 || content[at] === byte));

/** The media type under which the content may be kept: declared and found in its bytes; null when it may not be. */
export function keptMediaType(declared: string, content: Uint8Array, name = ""): string | null {
  const ending = name.split(".").at(-1)?.toLowerCase() ?? "";
  const said = declared.split(";")[0]?.trim().toLowerCase() ?? "";
  const plain = said === "" && Object.hasOwn(byEnding, ending) ? (byEnding[ending] ?? "") : said;
  const type = Object.hasOwn(otherNames, plain) ? (otherNames[plain] ?? plain) : plain;
  const known = Object.hasOwn(allowed, type) ? allowed[type] : undefined;
  if (known === undefined) return null;
  if (known.begins !== null) return known.begins.some((begin) => startsWith(content, begin)) ? type : null;
  if (!isText(content)) return null;
  return type !== "application/json" || isJson(content) ? type : null;
}

/** The last part of the name, in plain letters, digits, dots, dashes and underscores, ending as its media type does; at most 120 long. */
export function safeFileName(given: string, mediaType: string): string {
  const extension = allowed[mediaType]?.extension ?? "bin";
  const last = given.split(/[\\/]/).at(-1) ?? "";
  const bare = last
    .normalize("NFKD")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replaceAll(/-{2,}/g, "-")
    .replaceAll(/\.{2,}/g, ".")
    .replace(/\.[A-Za-z0-9]{1,8}$/, "")
    .replace(/^[.-]+/, "")
    .replace(/[.-]+$/, "");
  return `${bare.slice(0, 110) || "file"}.${extension}`;
}
